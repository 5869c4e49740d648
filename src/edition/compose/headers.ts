import MimeNode from 'nodemailer/lib/mime-node'
import { domainOf, type Mailbox } from '../../mail/mailbox.ts'
import type { Config } from '../../runtime/config/config.ts'

type Settings = Pick<Config, 'PUBLIC_URL' | 'MAIL_FROM' | 'REPLY_TO'>

/** The header lines that are the same for every reader of an edition, each ended by CRLF. */
export const editionHeaders = (
  settings: Settings,
  edition: { kind: 'daily' | 'weekly'; date: string },
  { boundary, locale }: { boundary: string; locale: string },
): string =>
  encodeHeaders({
    From: settings.MAIL_FROM,
    ...(settings.REPLY_TO ? { 'Reply-To': settings.REPLY_TO } : {}),
    'List-Id': `Paperboy ${edition.kind} <${edition.kind}.paperboy.${domainOf(settings.MAIL_FROM)}>`,
    'List-Archive': `<${settings.PUBLIC_URL}/editions>`,
    'Feedback-ID': `${edition.date}:${edition.kind}:digest:paperboy`,
    'Auto-Submitted': 'auto-generated',
    Precedence: 'bulk',
    'Content-Language': locale,
    'MIME-Version': '1.0',
    'Content-Type': `multipart/alternative; boundary="${boundary}"`,
  })

export const encodeSubject = (subject: string): string => encodeHeaders({ Subject: subject })

/** Folding and RFC 2047 are nodemailer's, which never cuts a character. Ends with CRLF. */
function encodeHeaders(headers: Record<string, string | Mailbox>): string {
  const node = new MimeNode()
  // It takes name and address apart as well, which its types do not know: as one string a name's `:` or `;` would be read as syntax.
  node.setHeader(headers as Record<string, string>)
  const wanted = new Set(Object.keys(headers).map((name) => name.toLowerCase()))
  // MimeNode adds a Message-ID and a Date of its own, which are the reader's affair.
  return node
    .buildHeaders()
    .split(/\r\n(?![ \t])/)
    .filter((line) => wanted.has(line.slice(0, line.indexOf(':')).toLowerCase()))
    .map((line) => `${line}\r\n`)
    .join('')
}
