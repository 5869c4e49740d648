import { createSecretKey } from 'node:crypto'
import { Eta } from 'eta'
import mjml2html from 'mjml'
import type { CardPaper } from '../../src/edition/compose/card.ts'
import { compileEdition } from '../../src/edition/compose/compiled-edition.ts'
import { composeEdition } from '../../src/edition/compose/compose.ts'
import { composeDigest } from '../../src/edition/compose/digest.ts'
import { composeReaderContent } from '../../src/edition/compose/reader-content.ts'
import { explainSelection, selectPositions } from '../../src/edition/select/select-papers.ts'
import { buildSelectionIndex } from '../../src/edition/select/selection-index.ts'
import { describeSelection } from '../../src/edition/select/selection-reasons.ts'
import { buildTasteIndex } from '../../src/edition/select/taste.ts'
import { NO_WISHES } from '../../src/edition/select/wishes.ts'
import { MessageBuffer } from '../../src/mail/message-buffer.ts'
import type { Vector } from '../../src/papers/search/vectorise.ts'
import { testConfig } from '../support/services.ts'
import { paper } from './support/paper.ts'
import { inRounds, spread } from './support/rounds.ts'
import { printTable } from './support/table.ts'

const CANDIDATES = 40
const SHOWN = 10
const ROUNDS = 7
/** CPU time of one contender in one round. */
const ROUND_MS = 400

/**
 * Measures composing one personal digest with headers, text and HTML, but no DKIM: 10 papers of 40, and a selection, links and an
 * address for each reader. Compares the two usual ways: a template rendered per reader, and MJML compiled per reader.
 * The unit is digests per second and core, in CPU time of this process, so that other processes do not count.
 */
export async function bench(): Promise<void> {
  const config = testConfig()
  const keys = { current: config.SECRET_KEY, previous: [] }
  const papers = Array.from({ length: CANDIDATES }, (_, position) => paper(position))
  const edition = { kind: 'daily' as const, date: '2026-04-14', closesAt: new Date('2026-04-15T02:00:00Z') }
  const { segments } = await composeEdition(config, edition, { papers, listed: CANDIDATES, corrections: [] })
  const compiled = compileEdition(segments)
  const messageKey = createSecretKey(Buffer.alloc(32, 7))
  // Delivery too reuses the buffers of accepted messages.
  const buffer = new MessageBuffer()
  const at = new Date('2026-04-15T06:00:00Z')

  let reader = 0
  const selection = () => {
    reader++
    return Array.from({ length: SHOWN }, (_, index) => ({
      position: (index * 4 + (reader % (4 + (index % 2)))) % CANDIDATES,
    })).sort((a, b) => a.position - b.position)
  }
  const choose = selectionWithWishes(papers)
  const chosenContent = () => {
    reader++
    const recipient = { subscriberId: reader, email: `reader${reader}@example.org`, format: 'html' as const }
    return composeReaderContent({ config, keys }, messageKey, recipient, choose(reader), at)
  }
  const contentFor = (format: 'html' | 'text') => {
    const shown = selection()
    const recipient = { subscriberId: reader, email: `reader${reader}@example.org`, format }
    return composeReaderContent({ config, keys }, messageKey, recipient, shown, at)
  }
  const sample = composeDigest(compiled, contentFor('html')).toString('latin1')
  const template = templateOf(sample)
  const mjml = mjmlOf(papers)

  const perSecond = async (once: () => unknown) => {
    const start = process.cpuUsage()
    let made = 0
    for (;;) {
      for (let i = 0; i < 20; i++) await once()
      made += 20
      const { user, system } = process.cpuUsage(start)
      if ((user + system) / 1000 >= ROUND_MS) return (made / (user + system)) * 1_000_000
    }
  }
  const contenders = {
    'a digest from segments': () => perSecond(() => composeDigest(compiled, contentFor('html'), buffer)),
    'the same, chosen for three topics, an author, a keyword and a taste': () =>
      perSecond(() => composeDigest(compiled, chosenContent(), buffer)),
    'a digest from segments, text only': () => perSecond(() => composeDigest(compiled, contentFor('text'), buffer)),
    'a template rendered per reader': () => perSecond(() => Buffer.from(template(contentFor('html')))),
    'MJML compiled per reader': () => perSecond(() => mjml2html(mjml, { validationLevel: 'skip' })),
  }
  for (const run of Object.values(contenders)) await run() // warms up the compiler
  const rates = await inRounds(ROUNDS, contenders)
  const base = spread(rates['MJML compiled per reader']!).median
  const count = (n: number) => n.toLocaleString('en', { maximumFractionDigits: 0 })
  printTable([
    ['', 'per second and core', 'least', 'most', '× MJML'],
    ...Object.entries(rates).map(([name, values]) => {
      const { median, least, most } = spread(values)
      return [name, count(median), count(least), count(most), count(median / base)]
    }),
  ])
  console.log(`${SHOWN} of ${CANDIDATES} papers, ${count(sample.length)} bytes a message, ${ROUNDS} rounds.`)
}

const RECENT = 500
const WORDS_A_PAPER = 95
const WORDS_A_TASTE = 256

/** Selects and explains papers for readers with wishes and a taste of their own, as delivery does once it has read both. */
function selectionWithWishes(papers: readonly CardPaper[]) {
  const index = buildSelectionIndex(
    papers.map((each, at) => ({ ...each, topics: [`topic-${at % 12}`, 'broad'], keywords: [], section: 'top' })),
  )
  // Few words are in most papers, and most words in few. A taste then meets 16 entries of the index per paper, as real ones do.
  const words = (count: number, seed: number): Vector => {
    const terms = Array.from({ length: count }, (_, i) => {
      const even = ((i * 7919 + seed * 104_729) % 10_007) / 10_007
      return Math.floor(8000 * even ** 3)
    })
    return { terms: [...new Set(terms)], weights: [...new Set(terms)].map(() => 0.1) }
  }
  const vectors = (count: number) => Array.from({ length: count }, (_, at) => words(WORDS_A_PAPER, at))
  const tastes = buildTasteIndex(vectors(papers.length), vectors(RECENT))
  const ownTastes = Array.from({ length: 100 }, (_, at) => words(WORDS_A_TASTE, 1000 + at))
  return (reader: number) => {
    const preferences = {
      ...NO_WISHES,
      size: SHOWN,
      share: 0.4,
      topics: ['broad', `topic-${reader % 12}`, `topic-${(reader + 5) % 12}`],
      keywords: ['sparse attention'],
      authors: ['Ada Lovelace'],
      taste: tastes.papersLike(ownTastes[reader % ownTastes.length]!),
    }
    return describeSelection(explainSelection(index, preferences, selectPositions(index, preferences)), 'en')
  }
}

/** Compiles the whole message as a template with placeholders, as a mailer does that compiles its layout once. */
function templateOf(message: string) {
  const eta = new Eta({ autoEscape: false, autoTrim: false })
  const source = message
    .replace(/<%/g, '')
    .replace(/(\/unsubscribe\/(?:=\r\n)?)[\w-]{30,60}/g, '$1<%= it.unsubscribeToken %>')
    .replace(/(\/preferences\/(?:=\r\n)?)[\w-]{30,60}/g, '$1<%= it.preferencesToken %>')
    .replace(/(\/vote\/(?:=\r\n)?)[\w-]{30,60}/g, '$1<%= it.voteToken %>')
    .replace(/^To: .*?(?=List-Unsubscribe-Post)/ms, '<%= it.headers %>')
  const render = eta.compile(source)
  return (values: object) => render.call(eta, values)
}

/** A plain layout of ten papers, compiled for each reader. */
const mjmlOf = (papers: CardPaper[]) =>
  `<mjml><mj-body>${papers
    .slice(0, SHOWN)
    .map(
      (each) =>
        `<mj-section><mj-column><mj-text><h3>${each.title}</h3><p>${each.authors.join(', ')}</p><p>${each.summary}</p><a href="${each.url}">Paper</a></mj-text></mj-column></mj-section>`,
    )
    .join('')}</mj-body></mjml>`
