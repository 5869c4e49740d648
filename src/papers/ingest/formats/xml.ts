import { XMLParser } from 'fast-xml-parser'
import { parseMoment } from '../../../calendar/days.ts'
import { safeText } from '../../../lib/postgres-safe.ts'
import { checkXmlSize } from '../limits.ts'

/** Most characters that entities may expand to in one document. A day's announcements have thousands of `&amp;` and `&lt;`. */
const MOST_EXPANDED = 32 * 1024 * 1024

/**
 * Parses XML into objects. An element is its text, or an object with `#text`, its attributes as `@name` and its children.
 * Repeated elements are arrays. Entity expansion is limited, so a small file cannot become a huge one.
 */
const parser = new XMLParser({
  ignoreAttributes: false,
  attributeNamePrefix: '@',
  parseTagValue: false,
  parseAttributeValue: false,
  trimValues: true,
  htmlEntities: true,
  processEntities: { enabled: true, maxExpandedLength: MOST_EXPANDED },
})

export type Element = Record<string, unknown>

/** Parses XML. @returns undefined when the text is not XML. @throws LimitError before parsing */
export function parseXml(text: string): Element | undefined {
  checkXmlSize(text)
  try {
    return parser.parse(text) as Element
  } catch {
    return undefined
  }
}

export const isElement = (value: unknown): value is Element =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Returns all children of a name as a list. */
export const all = (element: Element, name: string): unknown[] => {
  const value = element[name]
  return value === undefined ? [] : Array.isArray(value) ? value : [value]
}

/** Returns an element's trimmed text, or undefined when it is missing or empty. */
export function textOf(value: unknown): string | undefined {
  const first = Array.isArray(value) ? value[0] : value
  const text = isElement(first) ? first['#text'] : first
  if (typeof text !== 'string') return undefined
  return safeText(text).trim() || undefined
}

export const attribute = (value: unknown, name: string): string | undefined =>
  isElement(value) && typeof value[`@${name}`] === 'string' ? (value[`@${name}`] as string) : undefined

/** Returns an instant, or undefined for an invalid one. */
export const instantOf = (value: unknown): Date | undefined => parseMoment(textOf(value) ?? '')
