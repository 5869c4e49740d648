import { parseMoment } from '../../../calendar/days.ts'
import { safeText } from '../../../lib/postgres-safe.ts'
import { authorNames } from '../authors.ts'
import { LIMITS, LimitError } from '../limits.ts'
import type { BadEntry, ListedPaper } from '../listed-paper.ts'
import { paperOf } from './arxiv-record.ts'

/** A line of dashes, then the block's first line: two backslashes. */
const BLOCK = /^-{20,}\n\\\\\n/m

export const isArxivText = (text: string): boolean => BLOCK.test(text.replace(/\r\n/g, '\n'))

/**
 * Parses arXiv's plain text: an abstract's .abs file, a daily listing by email, or a month's listing.
 * Lines of dashes separate papers. Each has fields, then an abstract between lines of `\\` (info.arxiv.org/help/prep).
 *
 * @param day list day of every paper; defaults to the email's day, or else the day of submission
 */
export function parseArxivText(text: string, day?: string): (ListedPaper | BadEntry)[] {
  // Splits one block more than the limit, so that a file with millions of blocks is rejected early.
  const [head = '', ...blocks] = text.replace(/\r\n/g, '\n').split(BLOCK, LIMITS.records + 2)
  if (blocks.length > LIMITS.records)
    throw new LimitError(`has more than ${LIMITS.records.toLocaleString('en')} records`)
  const announcedAt = /^Subject:/m.test(head) ? parseMoment(/^Date:\s*(.+)$/m.exec(head)?.[1] ?? '') : undefined
  return blocks
    .filter((block) => /^(?:arXiv|Paper):/m.test(block))
    .map((block, index) => parseBlock(block, index + 1, day, announcedAt))
}

function parseBlock(block: string, position: number, day: string | undefined, announcedAt: Date | undefined) {
  const [fieldText = '', abstract = ''] = block.split(/^\\\\.*$/m)
  const fields = new Map<string, string>()
  const versions: { at: Date | undefined; size: string }[] = []
  // A line that starts with a space continues the field before it.
  for (const line of fieldText.replace(/\n[ \t]+/g, ' ').split('\n')) {
    const [, name, value] = /^([A-Za-z-]+)(?: \([^)]*\))?:\s*(.*)$/.exec(line) ?? []
    if (!name) continue
    if (name === 'Date') versions.push(versionOf(value!))
    // The submitter's email address is not stored.
    else if (name !== 'From' && !fields.has(name)) fields.set(name, safeText(value!).trim())
  }
  const replaced = /^replaced with/m.test(fieldText)
  return paperOf(
    {
      id: (fields.get('arXiv') ?? fields.get('Paper'))?.split(/\s/)[0],
      title: fields.get('Title'),
      abstract: safeText(abstract)
        .replace(/^-{20,}$/gm, '')
        .trim(),
      authors: authorNames(fields.get('Authors') ?? fields.get('Author') ?? ''),
      categories: (fields.get('Categories') ?? '').split(/\s+/).filter(Boolean),
      comment: fields.get('Comments'),
      publishedAt: versions[0]?.at,
      announcedAt,
      announceType: replaced ? 'replace' : undefined,
      version: versions.length || undefined,
      // A withdrawn version has size 0 and the flag I (ignore).
      ...(/\(0kb,I\)/.test(versions.at(-1)?.size ?? '') ? { withdrawn: true } : {}),
    },
    { ...Object.fromEntries(fields), abstract: abstract.trim() },
    position,
    day,
  )
}

function versionOf(value: string): { at: Date | undefined; size: string } {
  const size = /\([^)]*\)\s*$/.exec(value)?.[0] ?? ''
  return { at: parseMoment(value.slice(0, value.length - size.length)), size }
}
