/** Header fields by lower-case name, each value unfolded and decoded, in their order. */
export type Headers = ReadonlyMap<string, readonly string[]>

/** The parts of a message that the rules use. A stranger wrote all of it. */
export interface InboundMail {
  headers: Headers
  subject: string
  /** bare address in lower case; empty when unreadable */
  from: string
  /** the readable text, without the returned message */
  text: string
  /** machine-readable parts: message/delivery-status, message/feedback-report, …; also those found in the text */
  reports: readonly { type: string; text: string }[]
  /** header of the returned message, and the part of the rest that came with it */
  original: { headers: Headers; text: string } | undefined
}

/** A bounce has its text and the returned header at the start. The rest of a large message is not read. */
const MAX_BYTES = 512 * 1024
const MAX_TEXT_LENGTH = 64 * 1024
/** MIME parts that are read; a message with thousands of them is no bounce. */
const MAX_PARTS = 50

/**
 * Parses a message of any origin. mailparser decodes MIME; status fields and returned messages that broken senders
 * put into the text are found there.
 * Never throws: unreadable parts are empty. Time and memory are bounded by the bytes it reads.
 */
export async function readMail(raw: Buffer): Promise<InboundMail> {
  const mail = await readOne(raw)
  // A mail system returned a report instead of the email that the report is about.
  if (mail.reports.length > 0 || !/multipart\/report/i.test(headerOf(mail.original?.headers, 'content-type')))
    return mail
  const inner = await readOne(Buffer.from(mail.original!.text))
  return { ...mail, reports: inner.reports, original: inner.original ?? mail.original }
}

async function readOne(raw: Buffer): Promise<InboundMail> {
  const bytes = raw.subarray(0, MAX_BYTES)
  // An mbox's "From " line is no header.
  const start = bytes.subarray(0, 5).toString('latin1') === 'From ' ? bytes.indexOf('\n') + 1 : 0
  // Loaded with the first message: few installations receive any in this process.
  const { simpleParser } = await import('mailparser')
  const parsed = await simpleParser(bytes.subarray(start), {
    keepDeliveryStatus: true,
    // A returned message stays a part: as text it would be taken for the report.
    ignoreEmbedded: true,
    skipTextToHtml: true,
    skipImageLinks: true,
    skipTextLinks: true,
    maxHtmlLengthToParse: MAX_TEXT_LENGTH,
  }).catch(() => undefined)
  if (!parsed) return { headers: new Map(), subject: '', from: '', text: '', reports: [], original: undefined }

  const parts = parsed.attachments.slice(0, MAX_PARTS)
  const texts = parts.map((part) => ({ type: part.contentType, text: textOf(part.content) }))
  // For a multipart without its boundary, read the bytes as they are.
  const readable = parsed.text || (parts.length === 0 ? bodyOf(bytes) : '')
  const whole = readable.slice(0, MAX_TEXT_LENGTH).replaceAll('\r\n', '\n')
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

/** Returns the first value of a header, or "". */
export const headerOf = (headers: Headers | undefined, name: string): string => headers?.get(name)?.[0] ?? ''

const REPORT_TYPES = /^message\/(?:delivery-status|global-delivery-status|feedback-report|disposition-notification)$/i
const RETURNED_TYPES = /^(?:message\/(?:rfc822|global)|text\/rfc822-headers|message\/partial)$/i

const textOf = (content: Buffer): string =>
  content.subarray(0, MAX_TEXT_LENGTH).toString('utf8').replaceAll('\r\n', '\n')

function bodyOf(bytes: Buffer): string {
  const text = bytes.toString('latin1').replaceAll('\r\n', '\n')
  const end = text.indexOf('\n\n')
  return end < 0 ? '' : text.slice(end + 2)
}

/** Returns the header lines of a message: up to the first empty line, continuation lines joined. */
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

/** Header lines that only a transported email has. */
const TRACE = /^(?:Received|Return-Path|Message-ID|DKIM-Signature|MIME-Version|X-Received):/i
const HEADER_LINE = /^(?:[A-Za-z][A-Za-z0-9-]{1,60}:|[ \t]+\S)/
const looksReturned = (text: string): boolean => findReturned(text.split('\n')) === 0

/**
 * Returns the line where a returned message begins: three header lines in a row, one of them a trace line.
 * This works in any language of the text before it.
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

/** Headings before a returned message whose header is too short to recognize. */
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

/** Returns status fields that a sender put into the text instead of a part. */
function statusFieldsIn(text: string): { type: string; text: string }[] {
  const found = /^(?:Reporting-MTA|Final-Recipient|Original-Recipient):[\s\S]*/im.exec(text)
  return found && /^(?:Action|Status):/im.test(found[0]) ? [{ type: 'message/delivery-status', text: found[0] }] : []
}
