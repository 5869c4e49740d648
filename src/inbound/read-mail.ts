import { simpleParser } from 'mailparser'

/** Header fields by lower-case name, each value unfolded and decoded, in the order they stand. */
export type Headers = ReadonlyMap<string, readonly string[]>

/** What the rules need to know of one mail. Everything in it was written by a stranger. */
export interface InboundMail {
  headers: Headers
  subject: string
  /** bare address, lower case; empty where there is none that can be read */
  from: string
  /** what a person would read, without the returned message */
  text: string
  /** machine-readable parts: message/delivery-status, message/feedback-report, …, also those found in the text */
  reports: readonly { type: string; text: string }[]
  /** the returned message's header, and as much of the rest as came with it */
  original: { headers: Headers; text: string } | undefined
}

/** A bounce's own words and the returned header stand at the beginning; what a megabyte of returned mail adds is not read. */
const MOST_BYTES = 512 * 1024
const MOST_TEXT = 64 * 1024
/** MIME parts that are looked at; a mail made of ten thousand of them is no bounce. */
const MOST_PARTS = 50

/**
 * Reads a mail of any origin: mailparser undoes MIME, and what broken senders leave in the text (status fields, the returned
 * message) is found there. Never throws; what cannot be read is empty. Time and memory are bounded by the bytes it looks at.
 */
export async function readMail(raw: Buffer): Promise<InboundMail> {
  const mail = await readOne(raw)
  // Somebody's mail system returned a report instead of the mail that the report is about.
  if (mail.reports.length > 0 || !/multipart\/report/i.test(headerOf(mail.original?.headers, 'content-type')))
    return mail
  const inner = await readOne(Buffer.from(mail.original!.text))
  return { ...mail, reports: inner.reports, original: inner.original ?? mail.original }
}

async function readOne(raw: Buffer): Promise<InboundMail> {
  const bytes = raw.subarray(0, MOST_BYTES)
  // An mbox's "From " line is no header.
  const start = bytes.subarray(0, 5).toString('latin1') === 'From ' ? bytes.indexOf('\n') + 1 : 0
  const parsed = await simpleParser(bytes.subarray(start), {
    keepDeliveryStatus: true,
    // A returned message stays a part: as text it would speak in the report's name.
    ignoreEmbedded: true,
    skipTextToHtml: true,
    skipImageLinks: true,
    skipTextLinks: true,
    maxHtmlLengthToParse: MOST_TEXT,
  }).catch(() => undefined)
  if (!parsed) return { headers: new Map(), subject: '', from: '', text: '', reports: [], original: undefined }

  const parts = parsed.attachments.slice(0, MOST_PARTS)
  const texts = parts.map((part) => ({ type: part.contentType, text: textOf(part.content) }))
  // A multipart without the boundary that it announces: its bytes are read as they are.
  const readable = parsed.text || (parts.length === 0 ? bodyOf(bytes) : '')
  const whole = readable.slice(0, MOST_TEXT).replaceAll('\r\n', '\n')
  const { own, returned } = splitReturned(whole)
  const attached = texts.find(
    ({ type, text }) => RETURNED_TYPES.test(type) || (/^text\//.test(type) && looksReturned(text)),
  )
  const original = attached?.text ?? returned
  const inText = statusFieldsIn(own)
  return {
    headers: headersOf(parsed.headerLines.map(({ line }) => line)),
    subject: (parsed.subject ?? '').slice(0, 500),
    from: (parsed.from?.value[0]?.address || parsed.from?.text || '').toLowerCase().slice(0, 320),
    text: own,
    reports: [...texts.filter(({ type }) => REPORT_TYPES.test(type)), ...inText],
    original: original === undefined ? undefined : { headers: headersOf(headerLinesOf(original)), text: original },
  }
}

/** The first value of a header, or "". */
export const headerOf = (headers: Headers | undefined, name: string): string => headers?.get(name)?.[0] ?? ''

const REPORT_TYPES = /^message\/(?:delivery-status|global-delivery-status|feedback-report|disposition-notification)$/i
const RETURNED_TYPES = /^(?:message\/(?:rfc822|global)|text\/rfc822-headers|message\/partial)$/i

const textOf = (content: Buffer): string => content.subarray(0, MOST_TEXT).toString('utf8').replaceAll('\r\n', '\n')

function bodyOf(bytes: Buffer): string {
  const text = bytes.toString('latin1').replaceAll('\r\n', '\n')
  const end = text.indexOf('\n\n')
  return end < 0 ? '' : text.slice(end + 2)
}

/** The header of a message in a string: up to the first empty line, continuation lines joined. */
function headerLinesOf(message: string): string[] {
  const head = message.replace(/^(?:[ \t>]*\n|From .*\n)+/, '').split(/\n[ \t]*\n/, 1)[0]!
  return head.replace(/\n[ \t]+/g, ' ').split('\n')
}

function headersOf(lines: readonly string[]): Headers {
  const headers = new Map<string, string[]>()
  for (const line of lines) {
    const [, name, value] = /^([!-9;-~]{1,80}):([\s\S]{0,4000})/.exec(line) ?? []
    if (name === undefined || value === undefined) continue
    const values = headers.get(name.toLowerCase()) ?? []
    values.push(value.replace(/\s+/g, ' ').trim())
    headers.set(name.toLowerCase(), values)
  }
  return headers
}

/** Lines that only the header of a mail under way has. */
const TRACE = /^(?:Received|Return-Path|Message-ID|DKIM-Signature|MIME-Version|X-Received):/i
const HEADER_LINE = /^(?:[A-Za-z][A-Za-z0-9-]{1,60}:|[ \t]+\S)/
const looksReturned = (text: string): boolean => findReturned(text.split('\n')) === 0

/**
 * Where a returned message begins in a text: three header lines in a row of which one is a trace line, whatever language the
 * sentence before them is in.
 */
function findReturned(lines: readonly string[]): number {
  let begin = 0
  let run = 0
  let trace = false
  for (const [index, line] of lines.entries()) {
    if (!HEADER_LINE.test(line) || (run === 0 && /^\s/.test(line))) {
      if (run >= 3 && trace) return begin
      run = 0
      trace = false
      continue
    }
    if (run === 0) begin = index
    run++
    trace ||= TRACE.test(line)
  }
  return run >= 3 && trace ? begin : -1
}

/** Headings that some programs put before a returned message of which they keep too little to be known by its header. */
const HEADING =
  /^[-\t ]{0,80}(?:original message|returned message|message headers? follows?|message d'origine|ursprüngliche nachricht|this is a copy of (?:the|your) message)\b.*$/im

function splitReturned(text: string): { own: string; returned: string | undefined } {
  const lines = text.split('\n')
  const begin = findReturned(lines)
  if (begin >= 0) return { own: lines.slice(0, begin).join('\n'), returned: lines.slice(begin).join('\n') }
  const heading = HEADING.exec(text)
  if (!heading) return { own: text, returned: undefined }
  const end = heading.index + heading[0].length
  return { own: text.slice(0, heading.index), returned: text.slice(end).trim() }
}

/** Status fields that a sender put into the text instead of a part of their own. */
function statusFieldsIn(text: string): { type: string; text: string }[] {
  const found = /^(?:Reporting-MTA|Final-Recipient|Original-Recipient):[\s\S]*/im.exec(text)
  return found && /^(?:Action|Status):/im.test(found[0]) ? [{ type: 'message/delivery-status', text: found[0] }] : []
}
