import { XMLParser } from 'fast-xml-parser'
import { isMoment } from '../../../calendar/days.ts'
import { safeText } from '../../../lib/postgres-safe.ts'
import { checkXmlSize } from '../limits.ts'

/** Characters that entities may become in one document: a day's announcements write `&amp;` and `&lt;` some thousand times. */
const MOST_EXPANDED = 32 * 1024 * 1024

/**
 * XML as objects: an element is its text, or an object with `#text`, its attributes as `@name` and its children, or an array of
 * those. What entities
 * become is limited, so that a small file stays small.
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

/** Parses XML. @returns undefined where the text is not XML. @throws LimitError before anything is parsed */
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

/** A child as a list, however often it is there. */
export const all = (element: Element, name: string): unknown[] => {
  const value = element[name]
  return value === undefined ? [] : Array.isArray(value) ? value : [value]
}

/** An element's text in one line, or undefined when it is missing or empty. */
export function textOf(value: unknown): string | undefined {
  const first = Array.isArray(value) ? value[0] : value
  const text = isElement(first) ? first['#text'] : first
  if (typeof text !== 'string') return undefined
  return safeText(text).trim() || undefined
}

export const attribute = (value: unknown, name: string): string | undefined =>
  isElement(value) && typeof value[`@${name}`] === 'string' ? (value[`@${name}`] as string) : undefined

/** An instant, or undefined for what is none. */
export function instantOf(value: unknown): Date | undefined {
  const at = new Date(textOf(value) ?? '')
  return isMoment(at) ? at : undefined
}
