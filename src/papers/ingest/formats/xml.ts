import { XMLParser } from 'fast-xml-parser'
import { parseMoment } from '../../../calendar/days.ts'
import { safeText } from '../../../lib/postgres-safe.ts'
import { checkXmlSize } from '../limits.ts'

/** Most characters that entities may expand to in one document. A day's announcements have thousands of `&amp;` and `&lt;`. */
const MOST_EXPANDED = 32 * 1024 * 1024

/** Entity expansion is limited, so a small file cannot become a huge one. Order and spaces are kept for texts with markup. */
const parser = new XMLParser({
  preserveOrder: true,
  ignoreAttributes: false,
  attributeNamePrefix: '@',
  parseTagValue: false,
  parseAttributeValue: false,
  trimValues: false,
  htmlEntities: true,
  processEntities: { enabled: true, maxExpandedLength: MOST_EXPANDED },
})

export type Element = Record<string, unknown>

/** A node in document order: `{ name: children, ':@': attributes }`, or `{ '#text': text }`. */
type Node = Record<string, unknown>

/**
 * Parses XML into objects. An element is its text, or an object with `#text`, its attributes as `@name` and its children.
 * Repeated elements are arrays.
 *
 * @returns undefined when the text is not XML, or when its end is missing: the last entry of half a reply has half a title
 * @throws LimitError before parsing
 */
export function parseXml(text: string): Element | undefined {
  checkXmlSize(text)
  try {
    const document = parser.parse(text) as Node[]
    const root = document.map(nameOf).findLast((name) => !/^[?#]/.test(name))
    if (root === undefined || !hasEnd(text, root)) return undefined
    return childrenOf(document)
  } catch {
    return undefined
  }
}

const hasEnd = (text: string, root: string): boolean => text.includes(`</${root}`) || text.trimEnd().endsWith('/>')

const nameOf = (node: Node): string => Object.keys(node).find((name) => name !== ':@') ?? '#text'

/** Elements whose content is text for readers. Some sources write its markup as elements: `<title>In <i>E. coli</i></title>`. */
const TEXTS = new Set(['title', 'summary', 'content', 'description', 'content:encoded', 'dc:title', 'dc:description'])

function childrenOf(nodes: readonly Node[]): Element {
  const elements = nodes.filter((node) => nameOf(node) !== '#text')
  const text = plainText(nodes).trim()
  const byName = [...Map.groupBy(elements, nameOf)].map(([name, each]): [string, unknown] => {
    const values = each.map((node) => contentOf(name, node))
    return [name, values.length === 1 ? values[0] : values]
  })
  return Object.fromEntries(text === '' ? byName : [...byName, ['#text', text]])
}

function contentOf(name: string, node: Node): unknown {
  const nodes = node[name] as Node[]
  const attributes = Object.entries((node[':@'] ?? {}) as Record<string, string>).map(([key, value]) => [
    key,
    value.trim(),
  ])
  const isPlain = nodes.every((each) => nameOf(each) === '#text')
  const inner = isPlain ? plainText(nodes).trim() : TEXTS.has(name) ? markupOf(nodes).trim() : childrenOf(nodes)
  if (attributes.length === 0) return inner
  const content = typeof inner !== 'string' ? inner : inner === '' ? {} : { '#text': inner }
  return { ...content, ...Object.fromEntries(attributes) }
}

const plainText = (nodes: readonly Node[]): string =>
  nodes.map((node) => (nameOf(node) === '#text' ? String(node['#text']) : '')).join('')

/** The content as HTML, like that of sources that escape it. */
const markupOf = (nodes: readonly Node[]): string =>
  nodes
    .map((node) => {
      const name = nameOf(node)
      return name === '#text' ? String(node['#text']) : `<${name}>${markupOf(node[name] as Node[])}</${name}>`
    })
    .join('')

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
