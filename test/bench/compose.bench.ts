import { createSecretKey } from 'node:crypto'
import { Eta } from 'eta'
import mjml2html from 'mjml'
import { readerPart } from '../../src/delivery/send/edition-renderer.ts'
import type { CardPaper } from '../../src/edition/compose/card.ts'
import { plateOf } from '../../src/edition/compose/compiled-edition.ts'
import { composeEdition } from '../../src/edition/compose/compose.ts'
import { composeDigest } from '../../src/edition/compose/digest.ts'
import { newGalley } from '../../src/mail/message-buffer.ts'
import { testConfig } from '../support/services.ts'
import { inRounds, spread } from './support/rounds.ts'
import { printTable } from './support/table.ts'

const CANDIDATES = 40
const SHOWN = 10
const ROUNDS = 7
/** CPU time of a contender per round. */
const ROUND_MS = 400

/**
 * Measures the cost of one personal digest (headers, text, HTML; no DKIM): 10 papers of 40; selection, links and address differ per
 * reader. It compares with the two usual ways: a template rendered per reader, and MJML compiled per reader.
 * It measures this process's CPU time, so that other programs do not count: digests per second and core.
 */
export async function bench(): Promise<void> {
  const config = testConfig()
  const keys = { current: config.SECRET_KEY, previous: [] }
  const papers = Array.from({ length: CANDIDATES }, (_, position) => paper(position))
  const edition = { kind: 'daily' as const, date: '2026-04-14', closesAt: new Date('2026-04-15T02:00:00Z') }
  const { parts } = await composeEdition(config, edition, { papers, listed: CANDIDATES, corrections: [] })
  const plate = plateOf(parts)
  const messageKey = createSecretKey(Buffer.alloc(32, 7))
  // Reused for each message, as delivery does after a message was accepted.
  const galley = newGalley()
  const at = new Date('2026-04-15T06:00:00Z')

  let reader = 0
  const selection = () => {
    reader++
    return Array.from({ length: SHOWN }, (_, index) => ({
      position: (index * 4 + (reader % (4 + (index % 2)))) % CANDIDATES,
    })).sort((a, b) => a.position - b.position)
  }
  const part = (format: 'html' | 'text') => {
    const shown = selection()
    const who = { subscriberId: reader, email: `reader${reader}@example.org`, format }
    return readerPart({ config, keys }, messageKey, who, shown, at)
  }
  const sample = composeDigest(plate, part('html')).toString('latin1')
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
    'a digest from a compiled edition': () => perSecond(() => composeDigest(plate, part('html'), galley)),
    'the same, text only': () => perSecond(() => composeDigest(plate, part('text'), galley)),
    'a template rendered per reader': () => perSecond(() => Buffer.from(template(part('html')))),
    'MJML compiled per reader': () => perSecond(() => mjml2html(mjml, { validationLevel: 'skip' })),
  }
  for (const run of Object.values(contenders)) await run() // warm up: the first round compiles
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
  ageHours: 20,
  earlierVotes: null,
  earlierAt: null,
  stars: 1240,
  url: `https://arxiv.org/abs/2604.${10_000 + position}`,
  pdfUrl: `https://arxiv.org/pdf/2604.${10_000 + position}`,
  codeUrl: 'https://github.com/ada/engine',
  projectUrl: null,
  discussionUrl: `https://huggingface.co/papers/2604.${10_000 + position}`,
  withdrawn: false,
})

/** Returns the whole message as a compiled template for the reader's values, as a mailer does that compiles its layout once. */
function templateOf(message: string) {
  const eta = new Eta({ autoEscape: false, autoTrim: false })
  const holes = message
    .replace(/<%/g, '')
    .replace(/(\/unsubscribe\/(?:=\r\n)?)[\w-]{30,60}/g, '$1<%= it.unsubscribeToken %>')
    .replace(/(\/preferences\/(?:=\r\n)?)[\w-]{30,60}/g, '$1<%= it.preferencesToken %>')
    .replace(/(\/vote\/(?:=\r\n)?)[\w-]{30,60}/g, '$1<%= it.voteToken %>')
    .replace(/^To: .*?(?=List-Unsubscribe-Post)/ms, '<%= it.headers %>')
  const render = eta.compile(holes)
  return (values: object) => render.call(eta, values)
}

/** Returns a plain MJML layout of ten papers, to compile for each reader. */
const mjmlOf = (papers: CardPaper[]) =>
  `<mjml><mj-body>${papers
    .slice(0, SHOWN)
    .map(
      (each) =>
        `<mj-section><mj-column><mj-text><h3>${each.title}</h3><p>${each.authors.join(', ')}</p><p>${each.summary}</p><a href="${each.url}">Paper</a></mj-text></mj-column></mj-section>`,
    )
    .join('')}</mj-body></mjml>`
