import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout } from 'node:timers/promises'
import type { CardPaper } from '../../src/edition/compose/card.ts'
import { composeEdition } from '../../src/edition/compose/compose.ts'
import { LOCALES } from '../../src/messages/catalogue.ts'
import { testConfig } from '../support/services.ts'
import { paper } from './support/paper.ts'
import { inRounds, spread } from './support/rounds.ts'
import { printTable } from './support/table.ts'

const PAPERS = 60
const ROUNDS = 5

/**
 * Measures how long the event loop of a worker stands still while it composes an edition in every language, and compares MJML compiled in
 * the same thread. Emails being sent wait for both.
 */
export async function bench(): Promise<void> {
  const config = testConfig()
  const papers: CardPaper[] = Array.from({ length: PAPERS }, (_, position) => paper(position))
  const edition = { kind: 'daily' as const, date: '2026-04-14', closesAt: new Date('2026-04-15T02:00:00Z') }
  const composeAll = async () => {
    for (const locale of LOCALES)
      await composeEdition(config, edition, { papers, listed: PAPERS, corrections: [] }, locale)
  }
  const sections = papers.map(
    ({ title, summary }) =>
      `<mj-section><mj-column><mj-text><h3>${title}</h3><p>${summary}</p></mj-text></mj-column></mj-section>`,
  )
  const compileHere = async () => {
    const { default: mjml2html } = await import('mjml')
    await Promise.all(LOCALES.map(() => mjml2html(`<mjml><mj-body>${sections.join('')}</mj-body></mjml>`)))
  }
  const contenders = {
    'an edition, MJML in its own thread': () => longestStandstill(composeAll),
    'MJML alone, in this thread': () => longestStandstill(compileHere),
  }
  const first = new Map<string, number>()
  for (const [name, run] of Object.entries(contenders)) first.set(name, await run())
  const measured = await inRounds(ROUNDS, contenders)
  printTable([
    ['', 'longest standstill, ms', 'least', 'most', 'the first time'],
    ...Object.entries(measured).map(([name, values]) => {
      const { median, least, most } = spread(values)
      return [name, median, least, most, first.get(name)!].map((each) =>
        typeof each === 'number' ? each.toFixed(0) : each,
      )
    }),
  ])
  console.log(`${PAPERS} papers, ${LOCALES.length} languages, ${ROUNDS} rounds.`)
}

/** Runs a task and returns the longest time in milliseconds that the event loop did not turn. */
async function longestStandstill(task: () => Promise<unknown>): Promise<number> {
  const delay = monitorEventLoopDelay({ resolution: 1 })
  delay.enable()
  // It notes a delay when the loop turns again, and needs a first turn to compare with.
  await setTimeout(20)
  await task()
  await setTimeout(20)
  delay.disable()
  return delay.max / 1e6
}
