import { createSecretKey } from 'node:crypto'
import { Eta } from 'eta'
import mjml2html from 'mjml'
import type { CardPaper } from '../../src/edition/compose/card.ts'
import { compileEdition } from '../../src/edition/compose/compiled-edition.ts'
import { composeEdition } from '../../src/edition/compose/compose.ts'
import { composeDigest } from '../../src/edition/compose/digest.ts'
import { composeReaderContent } from '../../src/edition/compose/reader-content.ts'
import { MessageBuffer } from '../../src/mail/message-buffer.ts'
import { testConfig } from '../support/services.ts'
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
    'the same, text only': () => perSecond(() => composeDigest(compiled, contentFor('text'), buffer)),
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

const paper = (position: number): CardPaper => ({
  source: 'arxiv',
  sourceId: `2604.${10_000 + position}`,
  paperId: 1000 + position,
  position,
  section: position < 3 ? 'picks' : 'top',
  title: `Paper ${position}: Learning to Reason over Long Contexts with Sparse Attention and Retrieval`,
  abstract: '',
  summary:
    'A method that keeps what matters of a long context and forgets the rest, with results on par with full attention at a fraction of its cost on twelve benchmarks.',
  authors: ['Ada Lovelace', 'Charles Babbage', 'Mary Somerville', 'Augustus De Morgan', 'George Boole'],
  organization: 'Analytical Engines',
  curator: position < 3 ? 'AK' : null,
  note: position < 3 ? 'Worth a Sunday.' : null,
  votes: 200 - position,
  comments: 5,
  facts: { list: { timing: 'closing', of: 31, rank: 2 } },
  stars: 1240,
  url: `https://arxiv.org/abs/2604.${10_000 + position}`,
  pdfUrl: `https://arxiv.org/pdf/2604.${10_000 + position}`,
  codeUrl: 'https://github.com/ada/engine',
  projectUrl: null,
  discussionUrl: `https://huggingface.co/papers/2604.${10_000 + position}`,
  withdrawn: false,
  summaryByAi: true,
  listDay: '2026-04-14',
})

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
