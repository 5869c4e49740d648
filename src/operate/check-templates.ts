import { extname } from 'node:path'
import { Eta } from 'eta'
import type { CardPaper } from '../edition/compose/card.ts'
import { composeEdition } from '../edition/compose/compose.ts'
import { renderServiceEmail } from '../outbox/render-service-email.ts'
import type { Config } from '../runtime/config/config.ts'
import { messagesOf } from '../runtime/config/newsletter.ts'
import { NO_TEMPLATES, type TemplateFiles } from '../runtime/config/template-files.ts'

/**
 * Tries each file of TEMPLATES_DIR by itself. Returns those that work, and the others with their problem: ours are used instead of
 * them. Emails are rendered as a trial, since a template may compile and still lack a mark that digests are cut at.
 */
export async function checkTemplates(config: Config): Promise<TemplateFiles> {
  const { files, ignored, broken } = config.templates
  const found = await Promise.all(
    [...files].map(async ([file, text]) => ({ file, text, problem: await problemOf(config, file, text) })),
  )
  return {
    files: new Map(found.filter(({ problem }) => problem === undefined).map(({ file, text }) => [file, text])),
    ignored,
    broken: [...broken, ...found.flatMap(({ file, problem }) => (problem === undefined ? [] : [{ file, problem }]))],
  }
}

async function problemOf(config: Config, file: string, text: string): Promise<string | undefined> {
  if (extname(file) === '.css') return cssProblem(text)
  const syntax = syntaxProblem(text)
  if (syntax !== undefined || extname(file) === '.eta') return syntax
  const templates = { ...NO_TEMPLATES, files: new Map([[file, text]]) }
  try {
    await renderSamples({ ...config, templates })
  } catch (error) {
    return `does not render: ${firstLine(error).replace(/\.$/, '')}`
  }
}

const firstLine = (error: unknown): string => (error as Error).message.split('\n')[0]!

/** Compiles a template without rendering it. */
function syntaxProblem(text: string): string | undefined {
  const errorOf = (part: string): string | undefined => {
    try {
      new Eta({ autoTrim: false }).compile(part)
    } catch (error) {
      const [, reason] = /^Bad template syntax\s+([^\n]+)/.exec((error as Error).message) ?? []
      // The line is that of the part, and a colon announces the part itself.
      return (reason ?? firstLine(error)).replace(/ at line \d+ col \d+:$/, '')
    }
  }
  const reason = errorOf(text)
  if (reason === undefined) return undefined
  // The engine names no line. The template breaks after the longest beginning that compiles.
  const lines = text.split('\n')
  let good = lines.length - 1
  while (good > 0 && errorOf(lines.slice(0, good).join('\n')) !== undefined) good--
  return `line ${good + 1}: ${reason}`
}

/** An unclosed brace, comment or string makes browsers drop the rest of a style sheet. */
function cssProblem(text: string): string | undefined {
  const open: number[] = []
  const tokens = /\/\*[\s\S]*?\*\/|"(?:[^"\\\n]|\\[\s\S])*"|'(?:[^'\\\n]|\\[\s\S])*'|\/\*|["'{}]/g
  for (const { 0: token, index } of text.matchAll(tokens)) {
    const line = text.slice(0, index).split('\n').length
    if (token === '{') open.push(line)
    else if (token === '}' && open.pop() === undefined) return `line ${line}: a brace closes nothing`
    else if (token === '/*') return `line ${line}: a comment is not closed`
    else if (token === '"' || token === "'") return `line ${line}: a text is not closed`
  }
  return open.length > 0 ? `line ${open.at(-1)}: a brace is not closed` : undefined
}

const PAPER: CardPaper = {
  ...{ paperId: 1, source: 'arxiv', sourceId: '2604.00001', position: 0, section: 'picks', listDay: '2026-04-14' },
  ...{
    title: 'A title',
    abstract: 'An abstract.',
    summary: 'A summary.',
    summaryByAi: true,
    authors: ['Ada Lovelace'],
  },
  ...{ organization: 'Lab', curator: 'AK', note: 'A note.', votes: 10, comments: 1, facts: {}, stars: 1 },
  ...{ url: 'https://arxiv.org/abs/2604.00001', pdfUrl: 'https://arxiv.org/pdf/2604.00001', codeUrl: null },
  ...{ projectUrl: null, discussionUrl: null, withdrawn: false },
}

/** Composes a small edition and a service email. @throws what the templates throw */
async function renderSamples(config: Config): Promise<void> {
  const t = messagesOf(config.newsletter)
  const edition = { kind: 'weekly' as const, date: '2026-04-13', closesAt: new Date(0), editorNote: 'A *note*.' }
  const papers = [PAPER, { ...PAPER, paperId: 2, position: 1, section: 'top' }]
  await composeEdition(config, edition, { papers, listed: 2, corrections: [] }, config.newsletter.languages[0])
  const url = 'https://example.org/confirm'
  const { html, text } = await renderServiceEmail(config, {
    ...t.mails.confirm,
    ...{ t, moment: 'today', url, why: 'A reason.' },
    links: [{ label: 'A link', url: 'https://example.org/' }],
    unsubscribe: { label: 'Unsubscribe', url: 'https://example.org/' },
  })
  if (!html.includes(url) || !text.includes(url)) throw new Error('the link of the button (it.url) is missing')
}
