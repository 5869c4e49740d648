import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import { dayOf, daysLater, observedAtClose, startOfDay } from '../../../calendar/days.ts'
import type { Db } from '../../../runtime/db/database.ts'
import { papers } from '../../../runtime/db/schema.ts'
import { recordListFacts } from '../../ranking/record-list-facts.ts'
import { parseHfEntry } from '../formats/hf-entry.ts'
import { isBad, type ListedPaper } from '../listed-paper.ts'
import { storeList } from '../store.ts'

interface Deps {
  db: Db
  now: () => Date
  closeHourUtc: number
}

const SampleFile = z.object({
  days: z.array(z.object({ papers: z.array(z.looseObject({ hourOfDay: z.number().min(0).lt(24) })) })),
})

/**
 * Loads a sample to look at before the first real list: real papers on invented list days, ending yesterday.
 * Does nothing when any paper is stored. Each paper is marked as a sample until a real list contains it.
 *
 * @param file another file, for tests
 * @returns the number of papers added
 */
export async function loadSample(
  { db, now, closeHourUtc }: Deps,
  file: string | URL = new URL('./papers.json', import.meta.url),
): Promise<number> {
  if ((await db.$count(papers)) > 0) return 0
  const { days } = SampleFile.parse(JSON.parse(await readFile(file, 'utf8')))
  const at = now()
  return db.transaction(async (tx) => {
    let added = 0
    for (const [index, { papers: entries }] of days.entries()) {
      const day = daysLater(dayOf(at), index - days.length)
      const listed = entries.map((entry, place) => sampleOf(entry, place + 1, day))
      const stored = await storeList({ db: tx }, listed, {
        observedAt: observedAtClose(day, closeHourUtc, at),
        origin: 'sample',
      })
      added += stored.added
      await recordListFacts({ db: tx, now, closeHourUtc }, day)
    }
    return added
  })
}

function sampleOf(entry: { hourOfDay: number }, position: number, day: string): ListedPaper {
  const parsed = parseHfEntry(entry, position, day)
  if (isBad(parsed)) throw new Error(`sample paper ${position} of a day ${parsed.reason}`)
  return { ...parsed, listedAt: new Date(startOfDay(day).getTime() + entry.hourOfDay * 3_600_000), sample: true }
}
