import type { Cursor } from './cursor.ts'

const LINK = /(?:https?:\/\/|www\.|github\.com\/)(?:\\[_%#&~]|[^\s{}<>"\\^`|])+/iy

const unescaped = (link: string): string => link.trim().replace(/\\(?=[_%#&~])/g, '')

const bare = (link: string): string =>
  link
    .replace(/^https?:\/\//i, '')
    .replace(/\/$/, '')
    .toLowerCase()

/** Returns "text (link)", or only the link when the text adds nothing. */
export function linkText(cursor: Cursor, rawLink: string, label = ''): string {
  const link = unescaped(rawLink)
  const text = label.trim()
  return cursor.spaced(text === '' || bare(text) === bare(link) ? link : `${text} (${link})`)
}

/** Reads a link in running text unchanged. With {text} after it, it is a \href that lost its name. */
export function readLink(cursor: Cursor): string | undefined {
  const link = cursor.look(LINK)
  if (link === undefined) return undefined
  cursor.at += link.length
  return linkText(cursor, link, cursor.group(false))
}
