import { dayOf } from '../../../calendar/days.ts'
import { parseSpan } from '../../../calendar/spans.ts'
import { PaperboyError } from '../../../lib/errors.ts'
import type { OwnSource } from '../../../runtime/config/own-sources.ts'
import { parsePapers } from '../formats/parse-papers.ts'
import { readTextFile } from '../formats/read-text-file.ts'
import { isBad, type ListedPaper } from '../listed-paper.ts'
import { withinLimits } from '../within-limits.ts'
import { about } from './feed.ts'
import { type Politeness, politeGet } from './polite-get.ts'
import { LATE_DAYS, type Source, sharedByDays } from './source.ts'

/**
 * Creates a source for a list of papers that people write: a file or a URL, in one of the formats of `papers import`.
 * A paper is listed on the day when it is first read from there.
 */
export function readingListSource(own: OwnSource & { kind: 'list' }, polite: Politeness): Source {
  const { now = () => new Date() } = polite
  const isUrl = /^https?:/.test(own.location)
  const get = async () => (isUrl ? (await politeGet(own.location, {}, polite)).body : readFile(own.location))
  const getLate = sharedByDays(get, now)
  return {
    name: own.name,
    followDays: 0,
    lateDays: LATE_DAYS,
    keepsPlaces: true,
    async read(span) {
      const today = dayOf(now())
      const text = await (span === today ? get() : getLate())
      const { from, to } = parseSpan(span)
      const parsed = withinLimits('SOURCE_UNAVAILABLE', own.location, () =>
        parsePapers(text, own.location, span === today ? today : undefined),
      )
      const all = parsed.filter((each): each is ListedPaper => !isBad(each))
      const papers = all.filter(({ listDay }) => listDay >= from && listDay <= to)
      return {
        outcome: 'read',
        papers: papers.map((paper) => about(own, paper)),
        // Entries without a date are of today.
        bad: span === today ? parsed.filter(isBad) : [],
        ofOtherDays: all.length - papers.length,
        validators: { etag: null, lastModified: null },
      }
    },
    async fetchByIds() {
      return []
    },
  }
}

async function readFile(path: string): Promise<string> {
  try {
    return await readTextFile(path)
  } catch (error) {
    if (!(error instanceof PaperboyError)) throw error
    throw new PaperboyError('SOURCE_UNAVAILABLE', error.message, { cause: error })
  }
}
