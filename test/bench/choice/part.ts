import type { ListedPaper } from '../../../src/papers/ingest/listed-paper.ts'
import { readPapers } from '../ranking/likeness.ts'
import { printTable } from '../support/table.ts'

/** One measurement: the product's figure beside its baseline and its target. */
export interface ChoiceRow {
  what: string
  /** what the figure is compared with, such as "every word must occur" */
  baseline: string
  baselineValue: string
  value: string
  /** such as "≥ .85"; empty for a figure that is only shown */
  target: string
}

/** One part of `npm run bench -- choice`, in a file named `NAME.part.ts`. */
export interface ChoicePart {
  title: string
  measure(data: ChoiceData, stack: AsyncDisposableStack): Promise<ChoiceRow[]>
}

/** The real papers of `shared/data/papers`. */
export class ChoiceData {
  readonly folder: string

  constructor(folder: string) {
    this.folder = folder
  }

  /** All distinct papers of the daily lists whose month is one of these, such as 2026-04; all months without an argument. */
  papers(months?: readonly string[]): ListedPaper[] {
    return readPapers(`${this.folder}/hf-daily`, months)
  }
}

/** Months to fit on. 2026-04 is only looked at; nothing is fitted on it. */
export const FIT_MONTHS = ['2025-04', '2025-07', '2025-08', '2025-09', '2026-01', '2026-02', '2026-03']
export const TEST_MONTHS = ['2026-04']

export function printPart(title: string, rows: readonly ChoiceRow[]): void {
  console.log(`\n${title}`)
  printTable([
    ['', 'baseline', '', 'Paperboy', 'target'],
    ...rows.map(({ what, baseline, baselineValue, value, target }) => [what, baseline, baselineValue, value, target]),
  ])
}
