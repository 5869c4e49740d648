import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { closeOfDay, daysBetween, daysLater } from '../../../src/calendar/days.ts'
import { LOCALES, type Locale, messagesIn } from '../../../src/messages/catalogue.ts'
import { chanceOf, forecastOf, SHIPPED_MODEL, wholeDayVotes } from '../../../src/papers/ranking/chance.ts'
import { type EarlierPaper, type ListVotes, listFacts } from '../../../src/papers/ranking/list-facts.ts'
import { rankPapers } from '../../../src/papers/ranking/rank.ts'
import { type ReasonFacts, reasonFor, roundChance, votesAndReason } from '../../../src/papers/ranking/reason.ts'

const DAY = '2026-04-14'
const CLOSES = closeOfDay(DAY, 2)
const hoursFromClose = (hours: number) => new Date(CLOSES.getTime() + hours * 3_600_000)

const paper = (id: number, facts: Partial<ListVotes> = {}): ListVotes => ({
  id,
  listPosition: id,
  topics: [],
  sample: false,
  votes: 0,
  sourceVotes: facts.votes ?? 0,
  ageHours: 24,
  comments: 0,
  stars: null,
  answers: false,
  readAt: hoursFromClose(-0.5),
  ...facts,
})
/** Ten papers a day for `days` days, with 1 to 10 votes. */
const papersBefore = (days: number, facts: Partial<EarlierPaper> = {}): EarlierPaper[] =>
  Array.from({ length: days * 10 }, (_, at) => ({
    listDay: daysLater(DAY, -1 - Math.floor(at / 10)),
    topics: [],
    votes: (at % 10) + 1,
    timing: 'closing',
    ...facts,
  }))
const reasonsOf = (list: ListVotes[], earlier: EarlierPaper[] = [], now = hoursFromClose(1), locale: Locale = 'en') => {
  const facts = listFacts(list, { listDay: DAY, closesAt: CLOSES, now, earlier, model: SHIPPED_MODEL })
  return list.map(({ id }) => reasonFor({ list: facts.get(id) }, messagesIn(locale)))
}

describe('a reason says', () => {
  test('nothing without facts', () => {
    expect(reasonFor({})).toBeUndefined()
    expect(reasonsOf([paper(1, { votes: null, sourceVotes: null })])).toEqual([undefined])
    expect(reasonsOf([paper(1), paper(2)])).toEqual([undefined, undefined])
  })

  test('the rank, and the share of the votes where it is notable', () => {
    const list = [12, 6, 1].map((votes, id) => paper(id, { votes }))
    expect(reasonsOf(list)).toEqual([
      '1st of 3 in the final ranking, 63% of the votes',
      '2nd of 3 in the final ranking, 32% of the votes',
      '3rd of 3 in the final ranking',
    ])
    expect(reasonsOf(list, [], undefined, 'de')[0]).toBe('Platz 1 von 3 in der endgültigen Rangliste, 63 % der Stimmen')
  })

  test('when the votes were read, unless that was around the close', () => {
    const list = (readAt: Date | null) => [paper(1, { votes: 12, readAt }), paper(2, { votes: 4, readAt })]
    expect(reasonsOf(list(new Date('2026-04-14T09:05:00Z')))[0]).toBe(
      '1st of 2 on 14 April, 09:05 UTC, 75% of the votes',
    )
    expect(reasonsOf(list(null))[0]).toBe('1st of 2 that day, 75% of the votes')
    expect(reasonsOf(list(hoursFromClose(-3)))[0]).toBe('1st of 2 in the final ranking, 75% of the votes')
    expect(reasonsOf(list(new Date('2026-11-01T00:00:00Z')), [], new Date('2026-11-02T00:00:00Z'))[0]).toBe(
      '1st of 2 on 1 November, 00:00 UTC, 75% of the votes',
    )
  })

  test('nothing that compares a paper with itself, when its list has no other', () => {
    expect(reasonsOf([paper(1, { votes: 12, comments: 9 })])).toEqual([undefined])
    const many = papersBefore(20, { topics: ['robotics'], votes: 1 })
    expect(reasonsOf([paper(1, { votes: 1, topics: ['robotics'] })], many)).toEqual([undefined])
    expect(reasonsOf([paper(1, { votes: 40, comments: 9 })], papersBefore(20))[0]).toContain(
      'most first-day votes in 20 days',
    )
  })

  test('no rank while the list is open, but what no later vote can change', () => {
    const list = [paper(1, { votes: 40, topics: ['robotics'] }), paper(2, { votes: 20 })]
    expect(reasonsOf(list, papersBefore(20, { topics: ['robotics'] }), hoursFromClose(-9))).toEqual([
      'most first-day votes in 20 days',
      '3 times the usual votes on its first day',
    ])
    expect(reasonsOf(list, [], hoursFromClose(-9))).toEqual([undefined, undefined])
  })

  test('a feat before a rank: most votes of all papers, in a topic, or many times the usual', () => {
    const robots = papersBefore(20, { topics: ['robotics'], votes: 8 })
    const others = papersBefore(29, { votes: 90 })
    const list = [paper(1, { votes: 31, topics: ['robotics'] }), paper(2, { votes: 200 }), paper(3, { votes: 181 })]
    expect(reasonsOf(list, [...robots, ...others])).toEqual([
      'most first-day votes in Robotics in 29 days; about 1 in 10 such papers end in their month’s top tenth, 4 in 5 with 38–72 votes',
      'most first-day votes in 29 days; about 19 in 20 such papers end in their month’s top tenth, 4 in 5 with 247–435 votes',
      'twice the usual votes on its first day; about 19 in 20 such papers end in their month’s top tenth, 4 in 5 with 224–394 votes',
    ])
    expect(reasonsOf(list, [...robots, ...others], undefined, 'de')[0]).toBe(
      'meiste Stimmen am ersten Tag zu Robotik seit 29 Tagen; etwa 1 von 10 solchen Artikeln landet im besten Zehntel ihres Monats, 4 von 5 bei 38 bis 72 Stimmen',
    )
  })

  test('a feat beside papers that arXiv announced, which no community voted on', () => {
    const list = [paper(1, { votes: 200 }), paper(2, { votes: null, announced: true })]
    expect(reasonsOf(list, papersBefore(29))[0]).toMatch(/^most first-day votes in 29 days/)
    const unknown = [paper(1, { votes: 200 }), paper(2, { votes: null })]
    expect(reasonsOf(unknown, papersBefore(29))[0]).not.toContain('most first-day')
  })

  test('no feat against lists whose votes at the close are unknown', () => {
    const list = [paper(1, { votes: 30, topics: ['robotics'] }), paper(2, { votes: 40 })]
    const earlier = papersBefore(20, { topics: ['robotics'], votes: 8 })
    expect(reasonsOf(list, earlier)[0]).toMatch(/^most first-day votes in Robotics/)
    earlier[7] = { ...earlier[7]!, timing: 'other' }
    expect(reasonsOf(list, earlier)[0]).not.toContain('most')
    expect(reasonsOf(list, papersBefore(20, { timing: 'other' }))[0]).not.toContain('usual')
  })

  test('the day’s only paper of a field, the discussion, the stars', () => {
    const earlier = papersBefore(5, { topics: ['robotics'] })
    const list = [
      paper(1, { votes: 9, topics: ['robotics', 'rare'] }),
      paper(2, { votes: 20, comments: 7 }),
      paper(3, { votes: 8, comments: 2, answers: true }),
      paper(4, { votes: 7, stars: 791 }),
      paper(5, { votes: 7, stars: 12, answers: true, comments: 1 }),
    ]
    expect(reasonsOf(list, earlier)).toEqual([
      'the day’s only paper in Robotics',
      '1st of 5 in the final ranking, 39% of the votes; most discussed of the day: 7 comments',
      'an author takes part in the discussion',
      'its code has 791 stars already',
      '5th of 5 in the final ranking, 14% of the votes',
    ])
  })

  test('the curator first, a rise by its ranks, and in a week the rank', () => {
    const rise = { from: 12, to: 3, of: 31, listDay: '2026-04-14', weekly: false }
    const week = { rank: 22, of: 124 }
    expect(reasonFor({ pickedBy: 'AK', rise })).toBe(
      'picked by AK; up from 12th to 3rd of 31 on the list of Tuesday 14 April',
    )
    expect(reasonFor({ rise: { ...rise, weekly: true } })).toBe(
      'up from 12th to 3rd of 31 on the list of the week of 13 April',
    )
    expect(reasonFor({ rise }, messagesIn('de'))).toBe(
      'von Platz 12 auf Platz 3 von 31 auf der Liste vom Dienstag, 14. April',
    )
    expect(reasonFor({ week })).toBe('22nd of the week’s 124 papers')
    expect(reasonFor({ week: { rank: 1, of: 1 } }), 'the only one of a week').toBeUndefined()
    expect(reasonFor({ week }, messagesIn('de'))).toBe('Platz 22 von 124 Artikeln der Woche')
  })

  test('which votes a chance is about, when newer ones stand beside it', () => {
    const list = listFacts([paper(1, { votes: 43 })], {
      listDay: DAY,
      closesAt: CLOSES,
      now: hoursFromClose(1),
      earlier: [],
      model: SHIPPED_MODEL,
    }).get(1)
    expect(list!.chance!.votes).toBe(43)
    expect(reasonFor({ list, votes: 43 })).toContain('about 1 in 2 such papers end')
    expect(reasonFor({ list, votes: 67 })).toContain('about 1 in 2 such papers (it had 43 votes at the close) end')
    expect(reasonFor({ list, votes: 67 }, messagesIn('de'))).toContain(
      '1 von 2 solchen Artikeln (dieser hatte 43 Stimmen bei Schluss) landet',
    )
  })

  test('no votes by itself; places that do not show them put them before', () => {
    expect(votesAndReason(61, 'picked by AK', messagesIn('en'))).toBe('61 votes · picked by AK')
    expect(votesAndReason(1, undefined, messagesIn('de'))).toBe('1 Stimme')
    expect(votesAndReason(null, undefined, messagesIn('en'))).toBe('')
  })
})

test('a chance becomes a simple fraction, at most .05 away', () => {
  fc.assert(
    fc.property(fc.double({ min: 0.1, max: 1, noNaN: true }), (chance) => {
      const [part, whole] = roundChance(chance)
      expect(Math.abs(part / whole - chance)).toBeLessThanOrEqual(0.05 + 1e-12)
    }),
  )
})

const SLUGS = ['robotics', 'speech', 'rare']
const NAMES: Record<string, string> = {
  Robotics: 'robotics',
  Robotik: 'robotics',
  robótica: 'robotics',
  Robotique: 'robotics',
  机器人: 'robotics',
  Speech: 'speech',
  Sprache: 'speech',
  speech: 'speech',
  Rare: 'rare',
  rare: 'rare',
}
const topics = fc.subarray(SLUGS)
const votes = fc.option(fc.oneof(fc.nat(12), fc.nat(200)), { freq: 8 })
const listed = fc
  .record({
    listPosition: fc.nat(40),
    topics,
    sample: fc.boolean(),
    votes,
    ageHours: fc.double({ min: 0, max: 30, noNaN: true }),
    listedAt: fc.option(fc.constantFrom(-26, -20, -8, -3).map(hoursFromClose)),
    comments: fc.option(fc.nat(9)),
    stars: fc.option(fc.nat(2000)),
    answers: fc.boolean(),
    picked: fc.boolean(),
    readAt: fc.option(fc.constantFrom(-17, -3, -0.5, 1, 6, 400).map(hoursFromClose)),
  })
  .map((facts) => ({ ...facts, sourceVotes: facts.votes }))
const lists = fc
  .array(listed, { minLength: 1, maxLength: 12 })
  .map((papers) => papers.map((each, id) => ({ ...each, id })))
const earlierLists = fc.boolean().chain((allRead) =>
  fc.array(
    fc.record({
      listDay: fc.integer({ min: 1, max: 30 }).map((days) => daysLater(DAY, -days)),
      topics,
      votes: fc.nat(60),
      timing: allRead ? fc.constant('closing' as const) : fc.constantFrom('closing' as const, 'other' as const),
    }),
    { maxLength: 260, size: 'max' },
  ),
)
const clocks = fc.constantFrom(-17, -0.1, 1, 500).map(hoursFromClose)

type List = (ListVotes & { id: number })[]
interface Ground {
  list: List
  earlier: EarlierPaper[]
  now: Date
  own: List[number]
}

const number = (text: string) => Number(text.replace(/\D/g, ''))
function isBest([name, days]: string[], { list, earlier, own }: Ground) {
  const alike = (slugs: readonly string[]) => name === undefined || slugs.includes(NAMES[name]!)
  const oldest = Math.max(...earlier.map(({ listDay }) => daysBetween(listDay, DAY)))
  return (
    alike(own.topics) &&
    oldest === Number(days) &&
    earlier
      .filter((each) => alike(each.topics))
      .every((each) => each.timing === 'closing' && each.votes! < own.votes!) &&
    list
      .filter((each) => each !== own && alike(each.topics))
      .every((each) => each.votes !== null && each.votes < own.votes!)
  )
}
function isTimesUsual([said]: string[], { earlier, own }: Ground) {
  const times = Number(said) || 2
  const usual = earlier
    .filter(({ timing, listDay }) => timing === 'closing' && daysBetween(listDay, DAY) <= 28)
    .map((each) => each.votes!)
  // At least half of the earlier papers had no more than a `times`-th of its votes.
  return usual.length >= 100 && usual.filter((each) => each * times <= own.votes!).length * 2 >= usual.length
}
function isRank([rank, of, where, share]: string[], { list, own, now }: Ground) {
  const all = list.reduce((sum, each) => sum + (each.votes ?? 0), 0)
  const hours = own.readAt && (own.readAt.getTime() - CLOSES.getTime()) / 3_600_000
  const isFinal = hours !== null && hours >= -3 && hours <= 6
  const time = own.readAt?.toISOString().slice(11, 16)
  return (
    now >= CLOSES &&
    list.length === Number(of) &&
    rankPapers(list.map((paper) => ({ ...paper, picked: false })))[Number(rank) - 1]!.id === own.id &&
    (share === undefined || Math.abs((own.votes! / all) * 100 - Number(share)) <= 0.5) &&
    (/final|endgültig|最终/.test(where!) ? isFinal : time === undefined ? !/UTC/.test(where!) : where!.includes(time))
  )
}
const isOnly = ([name]: string[], { list, own, now }: Ground) =>
  now >= CLOSES && list.filter(({ topics: slugs }) => slugs.includes(NAMES[name!]!)).every((each) => each === own)
const isMostDiscussed = ([count]: string[], { list, own }: Ground) =>
  own.comments === Number(count) && list.every((each) => each === own || (each.comments ?? 0) < own.comments!)
const hasAnswers = (_: string[], { own }: Ground) => own.answers && own.comments! >= 2
const hasStars = ([count]: string[], { own }: Ground) => own.stars === number(count!)
function hasChance([part, whole, low, high]: string[], { own, now }: Ground) {
  const listed = own.listedAt && own.readAt && (own.readAt.getTime() - own.listedAt.getTime()) / 3_600_000
  const asOfWholeDay = wholeDayVotes(own.sourceVotes!, listed ?? null)
  const chance = chanceOf(asOfWholeDay, SHIPPED_MODEL)
  const forecast = forecastOf(asOfWholeDay, SHIPPED_MODEL)
  const hours = own.readAt && (own.readAt.getTime() - CLOSES.getTime()) / 3_600_000
  return (
    now >= CLOSES &&
    hours !== null &&
    hours >= -3 &&
    hours <= 6 &&
    !own.sample &&
    chance >= 0.1 &&
    Math.abs(chance - Number(part) / Number(whole)) <= 0.05 + 1e-12 &&
    forecast.low === number(low!) &&
    forecast.high === number(high!)
  )
}

/** One check of a claim, by naive counting, for each sentence that a reason may have in a language. */
const CHECKS: Record<Locale, [RegExp, (found: string[], ground: Ground) => boolean][]> = {
  en: [
    [/^most first-day votes (?:in (\D+) )?in (\d+) days$/, isBest],
    [/^(twice|\d+) ?(?:times)? the usual votes on its first day$/, isTimesUsual],
    [/^(\d+)(?:st|nd|rd|th) of (\d+) (in the final ranking|that day|on .+?)(?:, (\d+)% of the votes)?$/, isRank],
    [/^the day’s only paper in (.+)$/, isOnly],
    [/^most discussed of the day: (\d+) comments$/, isMostDiscussed],
    [/^an author takes part in the discussion$/, hasAnswers],
    [/^its code has ([\d,]+) stars already$/, hasStars],
    [
      /^about (\d+) in (\d+) such papers end in their month’s top tenth, 4 in 5 with ([\d,]+)–([\d,]+) votes$/,
      hasChance,
    ],
  ],
  de: [
    [/^meiste Stimmen am ersten Tag (?:zu (\D+) )?seit (\d+) Tagen$/, isBest],
    [/^am ersten Tag (doppelt|\d+)(?:-mal)? so viele Stimmen wie üblich$/, isTimesUsual],
    [/^Platz (\d+) von (\d+) (in der endgültigen Rangliste|an diesem Tag|am .+?)(?:, (\d+) % der Stimmen)?$/, isRank],
    [/^der einzige Artikel des Tages zu (.+)$/, isOnly],
    [/^an diesem Tag am meisten diskutiert: (\d+) Kommentare$/, isMostDiscussed],
    [/^jemand aus dem Autorenteam diskutiert mit$/, hasAnswers],
    [/^der Code hat schon ([\d.]+) Sterne$/, hasStars],
    [
      /^etwa (\d+) von (\d+) solchen Artikeln land(?:et|en) im besten Zehntel ihres Monats, 4 von 5 bei ([\d.]+) bis ([\d.]+) Stimmen$/,
      hasChance,
    ],
  ],
  es: [
    [/^más votos en su primer día (?:de los artículos sobre (\D+) )?en (\d+) días$/, isBest],
    [/^(?:(\d+) veces los votos habituales|el doble de votos de lo habitual) en su primer día$/, isTimesUsual],
    [/^n\.º (\d+) de (\d+) (en la clasificación final|ese día|el .+?)(?:, (\d+)\u00a0% de los votos)?$/, isRank],
    [/^el único artículo del día sobre (.+)$/, isOnly],
    [/^el más comentado del día: (\d+) comentarios$/, isMostDiscussed],
    [/^participa en el debate uno de sus autores$/, hasAnswers],
    [/^su código ya tiene ([\d.]+) estrellas$/, hasStars],
    [
      /^cerca de (\d+) de cada (\d+) artículos así acaban? en la mejor décima parte de su mes, 4 de cada 5 con entre ([\d.]+) y ([\d.]+) votos$/,
      hasChance,
    ],
  ],
  fr: [
    [/^record de votes le premier jour (?:pour le thème «\u00a0(\D+)\u00a0» )?depuis (\d+) jours$/, isBest],
    [/^(deux|\d+) fois plus de votes que d’habitude le premier jour$/, isTimesUsual],
    [/^(\d+)(?:er|e) sur (\d+) (au classement final|ce jour-là|le .+?)(?:, (\d+)\u202f% des votes)?$/, isRank],
    [/^le seul article du jour sur le thème «\u00a0(.+)\u00a0»$/, isOnly],
    [/^le plus commenté du jour\u00a0: (\d+) commentaires$/, isMostDiscussed],
    [/^un des auteurs participe à la discussion$/, hasAnswers],
    [/^son code a déjà ([\d\u202f]+) étoiles$/, hasStars],
    [
      /^environ (\d+) articles? sur (\d+) de ce type (?:finit|finissent) dans le meilleur dixième du mois, 4 sur 5 avec ([\d\u202f]+) à ([\d\u202f]+) votes$/,
      hasChance,
    ],
  ],
  zh: [
    [/^(\d+) 天内(?:“(.+)”)?首日票数最高$/, ([days, name], ground) => isBest([name!, days!], ground)],
    [/^首日票数达平时的 (\d+) 倍$/, isTimesUsual],
    [
      /^(最终排名|当天|.+ )第 (\d+) 名，共 (\d+) 篇(?:，占总票数的 (\d+)%)?$/,
      ([where, rank, of, share], ground) => isRank([rank!, of!, where!, share!], ground),
    ],
    [/^当天唯一的“(.+)”论文$/, isOnly],
    [/^当天讨论最多：(\d+) 条评论$/, isMostDiscussed],
    [/^有作者参与讨论$/, hasAnswers],
    [/^代码已获 ([\d,]+) 颗星$/, hasStars],
    [
      /^这类论文每 (\d+) 篇约有 (\d+) 篇进入当月前十分之一，每 5 篇有 4 篇最终获得 ([\d,]+)–([\d,]+) 票$/,
      ([whole, part, low, high], ground) => hasChance([part!, whole!, low!, high!], ground),
    ],
  ],
}

describe.each(LOCALES)('in %s', (locale) => {
  test('every reason is true of its list, whatever the list', () => {
    const used = new Set<RegExp>()
    fc.assert(
      fc.property(lists, earlierLists, clocks, (list, earlier, now) => {
        for (const [at, reason] of reasonsOf(list, earlier, now, locale).entries()) {
          for (const claim of reason?.split(messagesIn(locale).punctuation.semicolon) ?? []) {
            const found = CHECKS[locale].flatMap(([form, isTrue]) => {
              const match = form.exec(claim)
              return match ? [{ form, isTrue, groups: match.slice(1) }] : []
            })
            expect(found, claim).toHaveLength(1)
            used.add(found[0]!.form)
            expect(found[0]!.isTrue(found[0]!.groups, { list, earlier, now, own: list[at]! }), claim).toBe(true)
          }
        }
      }),
      { numRuns: 400 },
    )
    expect(used.size).toBe(CHECKS[locale].length)
  })

  test('a reason is the same after it was stored', () => {
    fc.assert(
      fc.property(lists, earlierLists, clocks, (list, earlier, now) => {
        const around = { listDay: DAY, closesAt: CLOSES, now, earlier, model: SHIPPED_MODEL }
        for (const facts of listFacts(list, around).values()) {
          const stored = JSON.parse(JSON.stringify({ list: facts })) as ReasonFacts
          expect(reasonFor(stored, messagesIn(locale))).toBe(reasonFor({ list: facts }, messagesIn(locale)))
        }
      }),
      { numRuns: 50 },
    )
  })
})
