import type { Cursor } from './cursor.ts'

const LINK = /(?:https?:\/\/|www\.|github\.com\/)(?:\\[_%#&~]|[^\s{}<>"\\^`|])+/iy

const unescaped = (link: string): string => link.trim().replace(/\\(?=[_%#&~])/g, '')

const bare = (link: string): string =>
  link
    .replace(/^https?:\/\//i, '')
    .replace(/\/$/, '')
    .toLowerCase()

/** "text (link)", or the link alone where its text says no more. */
export function linkText(cursor: Cursor, rawLink: string, label = ''): string {
  const link = unescaped(rawLink)
  const text = label.trim()
  return cursor.spaced(text === '' || bare(text) === bare(link) ? link : `${text} (${link})`)
}

/** A link in running text, untouched; with {text} behind it where it was a \href that lost its name. */
export function readLink(cursor: Cursor): string | undefined {
  const link = cursor.look(LINK)
  if (link === undefined) return undefined
  cursor.at += link.length
  return linkText(cursor, link, cursor.group(false))
}
