import { globSync, readFileSync } from 'node:fs'
import { extname, join } from 'node:path'

/** Words that this project's prose avoids, each with the plain word. */
interface Rule {
  words: RegExp
  instead: string
  /** limits the rule to copy that readers see */
  readerOnly?: boolean
}

export const RULES: readonly Rule[] = [
  { words: /\bwho(?:m)?ever\b/gi, instead: 'name the actor: "readers who …", "the worker that …"' },
  { words: /\b(?:of )?nobody\b/gi, instead: 'name the actor, or "no worker", "none"' },
  { words: /\b(?:somebody|everybody)\b/gi, instead: 'name the actor: "a reader", "every reader"' },
  { words: /\bmeanwhile\b/gi, instead: '"while …", or drop it' },
  { words: /\bhow-manieth\b/gi, instead: '"attempt number"' },
  { words: /\blets? (?:\w+ ){0,3}be\b/gi, instead: 'say what happens: "ends", "releases"' },
  { words: /\bto be had\b/gi, instead: '"available"' },
  { words: /\bat that(?=[,.;:)]|$)/gim, instead: 'drop it' },
  { words: /\b(?:is|are|was|were|be|being) (?:told|said)\b/gi, instead: '"reports", "logs", "shows"' },
  {
    words: /\bwhat (?:is|was|are|were) (?!the\b|an?\b|this\b|it\b)\w+/gi,
    instead: 'a noun: "unsent deliveries", not "what is unsent"',
  },
  {
    words: /\b(?:gives?|gave|takes?|took) (?:its|his|her|their|your) place\b/gi,
    instead: '"paste a link", "replaces"',
  },
  { words: /\bon (?:the clock of|\w+ own clock)\b/gi, instead: '"time zone"' },
  { words: /\bparted by\b/gi, instead: '"separated by"' },
  { words: /\bleav(?:es?|ing) (?:paperboy|the list)\b/gi, instead: '"unsubscribe"' },
  { words: /\b(?:you|they|readers?|who) (?:have |has )?left\b/gi, instead: '"unsubscribed"' },
  { words: /\bmails?\b/gi, instead: '"email"', readerOnly: true },
]

/** Exact phrases that the rules would flag and that stay. */
export const EXCEPTIONS: readonly string[] = [
  'mail server',
  'mail servers',
  'Mail Transfer Agent',
  'lines left',
  'papers left',
]

export interface Finding {
  line: number
  word: string
  instead: string
}

/** Finds avoided words in one file's prose. `name` decides what counts as prose and whether readers see it. */
export function findWords(name: string, source: string): Finding[] {
  const prose = hideExceptions(proseOf(name, source))
  return RULES.filter(({ readerOnly }) => !readerOnly || isReaderCopy(name))
    .flatMap(({ words, instead }) =>
      [...prose.matchAll(words)].map(({ 0: word, index }) => ({ line: lineAt(prose, index), word, instead })),
    )
    .sort((a, b) => a.line - b.line)
}

const isReaderCopy = (name: string): boolean =>
  name.endsWith('messages/en.ts') || (name.startsWith('templates/') && !name.includes('/admin/'))

const blank = (text: string): string => text.replace(/[^\n]/g, ' ')

/** Blanks out everything but the groups that `keep` returns; lines stay where they are. */
function only(source: string, parts: RegExp, keep: (part: string) => string): string {
  let prose = ''
  let end = 0
  for (const { 0: part, index } of source.matchAll(parts)) {
    prose += blank(source.slice(end, index)) + keep(part)
    end = index + part.length
  }
  return prose + blank(source.slice(end))
}

const COMMENT_OR_STRING =
  /\/\*[\s\S]*?\*\/|(?<![:\w])\/\/[^\n]*|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\[\s\S]|[^`\\])*`/g

/** A string without a space is a key, a path or an option, not prose. Expressions in a template literal are code. */
const sentence = (part: string): string =>
  /^['"`]/.test(part) && !/\s/.test(part)
    ? blank(part)
    : part.replace(/\$\{[^}]*\}/g, blank).replace(/`[^`\n]*`/g, codeSpan)

/** Comments quote code in backticks; a whole template literal is a string instead. */
const codeSpan = (span: string, at: number): string => (at === 0 ? span : blank(span))

function proseOf(name: string, source: string): string {
  switch (extname(name)) {
    case '.ts':
    case '.js':
    case '.css':
      return only(source, COMMENT_OR_STRING, sentence)
    case '.sql':
      return only(source, /--[^\n]*/g, (part) => part)
    case '.eta':
    case '.mjml':
    case '.txt':
      return source
        .replace(/<%[\s\S]*?%>/g, (code) => only(code, COMMENT_OR_STRING, sentence))
        .replace(/<[^%>]*>/g, blank)
    case '.md':
      return source.replace(/```[\s\S]*?```|`[^`\n]*`/g, blank)
    default:
      return only(source, /#[^\n]*/g, (part) => part)
  }
}

const hideExceptions = (prose: string): string =>
  EXCEPTIONS.reduce((text, phrase) => text.replaceAll(new RegExp(`\\b${phrase}\\b`, 'gi'), blank), prose)

const lineAt = (text: string, index: number): number => text.slice(0, index).split('\n').length

/** All prose of the repository, but the fixtures, which others wrote, and this folder, which quotes the words. */
export const proseFiles = (root: string): string[] =>
  globSync(
    [
      '.env.example',
      'Dockerfile',
      '*.{ts,yml,md}',
      '{src,workers,test,templates,docs,migrations}/**/*.{ts,js,css,sql,eta,mjml,txt,md}',
    ],
    {
      cwd: root,
      exclude: ['test/fixtures/**', 'test/lint/**'],
    },
  ).sort()

if (import.meta.main) {
  const root = join(import.meta.dirname, '../..')
  const problems = proseFiles(root).flatMap((file) =>
    findWords(file, readFileSync(join(root, file), 'utf8')).map(
      ({ line, word, instead }) => `${file}:${line}: "${word}". Write ${instead}.`,
    ),
  )
  for (const problem of problems) console.error(problem)
  if (problems.length > 0) process.exitCode = 1
}
