import { fullDay, plainDay } from '../../calendar/words.ts'
import type { EditionKey } from '../../edition/draft/control.ts'

export const describeState = ({ state, held }: { state: string; held: boolean }): string =>
  state === 'draft' && held ? 'draft, held' : state

/** "Tuesday, 14 April 2026", or "Week of 13 April 2026" */
export const nameOf = ({ kind, date }: EditionKey): string =>
  kind === 'weekly' ? `Week of ${plainDay(date)}` : fullDay(date)

/** "14 April 2026", or "Week of 13 April 2026" */
export const shortNameOf = ({ kind, date }: EditionKey): string =>
  kind === 'weekly' ? `Week of ${plainDay(date)}` : plainDay(date)

/** The HTML id of a paper's row. */
export const anchorOf = (sourceId: string): string => `p-${sourceId.replaceAll(/[^\w-]/g, '-')}`
