import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { FORMULAS, type Formula, fitLeavingOut, ordered } from './ranking/formulas.ts'
import { authorHits, byTopics, byVectors, keywordReaders, readPapers } from './ranking/likeness.ts'
import { mean, ndcg10, spearman, standardError, topFive } from './ranking/measures.ts'
import { type Lists, readTrajectories } from './ranking/trajectories.ts'
import { printTable } from './support/table.ts'

const DATA = join(import.meta.dirname, '../../../shared/data/papers/')

const help = `npm run bench -- ranking [--trajectories FILE.csv] [--papers FOLDER]

Scores formulas on real lists: each ranks a list as of the morning or a day later, compared with the final votes. Then
measures similar papers. The benchmark choice replays rising papers. Without options it uses the data beside the checkout.`

export async function bench(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      trajectories: { type: 'string', default: `${DATA}upvote-trajectories.csv` },
      papers: { type: 'string', default: `${DATA}hf-daily` },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) return console.log(help)
  if (existsSync(values.trajectories)) {
    const { morning, nextDay } = readTrajectories(values.trajectories)
    scoreFormulas('the list as seen in the morning', morning)
    scoreFormulas('the list a day later, closed', nextDay)
  } else console.log(`There are no trajectories at ${values.trajectories}.`)
  if (existsSync(values.papers)) likeAnother(values.papers)
  else console.log(`There are no papers at ${values.papers}.`)
}

function scoreFormulas(what: string, lists: Lists): void {
  const days = [...lists.values()]
  const months = [...new Set(days.map((papers) => papers[0]!.month))].sort()
  const fits = fitLeavingOut(lists, months)
  const contenders: Record<string, (month: string) => Formula> = {
    ...Object.fromEntries(Object.entries(FORMULAS).map(([name, formula]) => [name, () => formula])),
    'fitted on the other months': (month) => fits.get(month)!,
  }
  const byDay = Object.entries(contenders).map(([name, formulaOf]) => ({
    name,
    days: days.map((papers) => ({
      month: papers[0]!.month,
      final: ordered(papers, formulaOf(papers[0]!.month)).map((paper) => paper.final),
    })),
  }))
  const ours = byDay[0]!.days.map((day) => ndcg10(day.final))
  console.log(`\n${what}: ${days.length} days, ${days.flat().length} papers. NDCG@10 by month, and over all days`)
  printTable([
    ['', ...months, 'NDCG@10', '− ours', '± s.e.', 'top 5', 'Spearman'],
    ...byDay.map(({ name, days: orders }) => {
      const scores = orders.map((day) => ndcg10(day.final))
      const behind = scores.map((value, at) => value - ours[at]!)
      return [
        name,
        ...months.map((month) => mean(scores.filter((_, at) => orders[at]!.month === month)).toFixed(4)),
        mean(scores).toFixed(4),
        mean(behind).toFixed(4),
        standardError(behind).toFixed(4),
        mean(orders.map((day) => topFive(day.final))).toFixed(3),
        mean(orders.map((day) => spearman(day.final))).toFixed(3),
      ]
    }),
  ])
}

function likeAnother(folder: string): void {
  const papers = readPapers(folder)
  console.log(`\nPapers like another, and a reader's liking, on ${papers.length} papers`)
  const contenders = {
    'ours: the 64 most telling words': byVectors(papers),
    'all words': byVectors(papers, Number.POSITIVE_INFINITY),
    'the 24 most telling words': byVectors(papers, 24),
    'topics in common': byTopics(papers),
  }
  printTable([
    ['', 'author among ten', "keyword's among ten"],
    ...Object.entries(contenders).map(([name, likeness]) => [
      name,
      authorHits(papers, likeness).toFixed(3),
      // Topics are derived from keywords, so this measure would be circular.
      name === 'topics in common' ? '–' : keywordReaders(papers, likeness).toFixed(3),
    ]),
  ])
  console.log(`
The design names .278 by authors and .37 for a reader's liking with tf-idf, and NDCG@10 .9689 in the morning for Hacker News' formula. How
these were defined was not kept, so that only figures of one table compare. Here: a paper counts by authors when one of its authors, of at
most 50, has another paper, and a title's words count twice; a reader for every keyword of 15 to 60 papers likes its first five, and the
share is of the next ten; Hacker News' formula is (votes - 1) / (age in hours + 2)^1.8.`)
}
