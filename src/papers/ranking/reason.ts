import { z } from 'zod'
import { mondayOf } from '../../calendar/days.ts'
import { closingHour, shortDate, weekdayDate } from '../../calendar/words.ts'
import { type Messages, messagesIn } from '../../messages/catalogue.ts'
import { topicName } from '../topics/topic-name.ts'
import { LEAST_CHANCE, ListFacts } from './list-facts.ts'

/** The facts behind a reason, as an edition stores them. */
export const StoredFacts = z.object({
  list: ListFacts.optional(),
  /** a rising paper's way up its own list by votes: its rank when the list closed, and now */
  rise: z
    .object({ from: z.number(), to: z.number(), of: z.number(), listDay: z.string(), weekly: z.boolean() })
    .optional(),
  /** in a weekly edition: its rank among the week's papers */
  week: z.object({ rank: z.number(), of: z.number() }).optional(),
})
export type StoredFacts = z.output<typeof StoredFacts>
type Rise = NonNullable<StoredFacts['rise']>

/** Everything that a reason may say. */
export interface ReasonFacts extends StoredFacts {
  /** the curator's name */
  pickedBy?: string | null | undefined
  /** the votes beside the reason, where they may be newer than those of the list */
  votes?: number | null | undefined
}

/** The leader's share of the votes is worth saying from here on. */
const NOTABLE_SHARE = 0.1
const NOTABLE_TIMES = 2

/**
 * Returns the reason for a paper's position in words: the most informative facts that are known, each true.
 * "picked by AK; most first-day votes in Robotics in 30 days; about 2 in 5 such papers end in their month’s top tenth".
 * It omits the number of votes, which stands beside it. Undefined without facts.
 */
export function reasonFor(
  { pickedBy, list, rise, week, votes }: ReasonFacts,
  t: Messages = messagesIn('en'),
): string | undefined {
  const claims = [pickedBy ? t.reason.pickedBy(pickedBy) : undefined]
  if (rise) claims.push(t.reason.rise(rise.from, rise.to, rise.of, listIn(rise, t)))
  else if (week)
    claims.push((list && feat(list, t)) ?? (week.of > 1 ? t.reason.rankOfWeek(week.rank, week.of) : undefined))
  else if (list) claims.push(...aboutList(list, votes ?? list.votes, t))
  const known = claims.filter((claim) => claim !== undefined)
  return known.length > 0 ? known.join(t.punctuation.semicolon) : undefined
}

/** Returns the reason after the number of votes, for places that do not show this number themselves. */
export function votesAndReason(votes: number | null | undefined, reason: string | undefined, t: Messages): string {
  return [votes ? t.reason.votes(votes) : undefined, reason].filter((part) => part !== undefined).join(' · ')
}

const listIn = ({ listDay, weekly }: Rise, t: Messages): string =>
  weekly
    ? t.reason.listOfWeek(shortDate({ kind: 'daily', date: mondayOf(listDay) }, t))
    : t.reason.listOfDay(weekdayDate(listDay, t.intl))

function aboutList(list: ListFacts, shown: number | undefined, t: Messages): (string | undefined)[] {
  const compared = feat(list, t) ?? first(list, t)
  const other = compared === undefined ? onlyOf(list, t) : undefined
  const chance = chanceIn(list, shown, t)
  const extra = chance === undefined ? discussion(list, t) : undefined
  const claims = [compared ?? other, extra, chance]
  if (claims.some((claim) => claim !== undefined)) return claims
  return [list.stars === undefined ? rankIn(list, t) : t.reason.stars(list.stars)]
}

/** How its votes compare with those of earlier papers. */
function feat({ best, usual, votes, timing }: ListFacts, t: Messages): string | undefined {
  if (timing === 'other' || votes === undefined) return undefined
  if (best) return t.reason.best(best.days, best.topic === undefined ? undefined : topicName(best.topic, t))
  const times = usual ? Math.floor(votes / usual) : 0
  return times >= NOTABLE_TIMES ? t.reason.timesUsual(times) : undefined
}

const first = (list: ListFacts, t: Messages): string | undefined => (list.rank === 1 ? rankIn(list, t) : undefined)

/** Its rank, unless the list is still moving or has no other paper. */
function rankIn({ rank, of, share, votes, timing, readAt }: ListFacts, t: Messages): string | undefined {
  if (timing === 'open' || rank === undefined || !votes || of === 1) return undefined
  const where =
    timing === 'closing'
      ? t.reason.finalRanking
      : readAt === undefined
        ? t.reason.thatDay
        : t.reason.asOf(shortDate({ kind: 'daily', date: readAt.slice(0, 10) }, t), closingHour(new Date(readAt)))
  return t.reason.rank(
    rank,
    of,
    where,
    share !== undefined && share >= NOTABLE_SHARE ? Math.round(share * 100) : undefined,
  )
}

const onlyOf = ({ only, of, timing }: ListFacts, t: Messages): string | undefined =>
  only === undefined || timing === 'open' || of === 1 ? undefined : t.reason.only(topicName(only, t))

function discussion({ discussed, of, answers }: ListFacts, t: Messages): string | undefined {
  if (discussed !== undefined && of > 1) return t.reason.discussed(discussed)
  return answers ? t.reason.answers : undefined
}

function chanceIn({ chance, timing }: ListFacts, shown: number | undefined, t: Messages): string | undefined {
  if (!chance || timing !== 'closing' || chance.topTenth < LEAST_CHANCE) return undefined
  const { votes, topTenth, low, high } = chance
  return t.reason.chance(roundChance(topTenth), low, high, shown === votes ? undefined : votes)
}

/** Simple fractions, at most .05 from any chance of at least .10. */
const FRACTIONS = [
  [1, 10],
  [1, 5],
  [1, 4],
  [1, 3],
  [2, 5],
  [1, 2],
  [3, 5],
  [2, 3],
  [3, 4],
  [4, 5],
  [9, 10],
  [19, 20],
] as const

export function roundChance(chance: number): readonly [part: number, whole: number] {
  const away = ([part, whole]: readonly [number, number]) => Math.abs(part / whole - chance)
  return FRACTIONS.reduce((best, each) => (away(each) < away(best) ? each : best))
}
