import { isMarkedAutomatic } from './auto-reply.ts'
import type { InboundMail } from './read-mail.ts'

/** "unsubscribe" at the start of a subject or of the first line of a reply, in readers' languages. */
const WORD =
  /^(?:please |bitte |kindly |por favor,? |quiero |je (?:veux|souhaite) |merci de |请|請|我要|我想)*(?:unsub(?:scribe)?\b|opt[- ]?out\b|(?:remove|delete) me\b|stop$|abmeld(?:en|ung)\b|abbestell(?:en|ung)\b|austragen\b|abbestellen\b|(?:[ms]e )?désabonne(?:r|ment|z)|(?:[ms]e )?désinscri(?:re|ption|vez)|cancelar (?:la |mi |minha )?(?:su[bs]scripci[oó]n|inscriç[aã]o|assinatura)|(?:(?:dar|de)(?:me|se)? de )?baja\b|desuscribir|descadastrar|disiscri(?:vi|zione)|cancella(?:mi|zione)|annulla (?:l['’])?iscrizione|afmelden\b|uitschrijven\b|avregistrera|avsluta prenumeration|frameld|afmeld|peruuta tilaus|wypisz|отпис(?:аться|ка|ать)|退订|取消订阅|退訂|取消訂閱|配信停止|購読解除)/i

/** Prefixes of email programs and gateways: "Re:", "AW:", "[EXTERN]", "***SPAM***", a quotation mark. */
const PREFIX =
  /^(?:[\s"'“”„«»‘’*_-]+|\[[^\]]{1,40}\]|\([^)]{1,40}\)|[\p{L}]{1,12}(?:\[\d+\])?\s?[:：](?!\/\/)|\*+[^*]{1,40}\*+)/u
const FORWARD = /\b(?:fwd?|wg|tr|rv|enc|vs|vb|doorst|転送|转发)\s?[:：]/iu

/** A token as in our links, but outside a link. */
const BARE_TOKEN = /(?<![\w/=%?&-])[A-Za-z0-9_-]{35}(?![\w/=%-])/
const MAX_LINE_LENGTH = 200

/**
 * Returns whether a person asks to unsubscribe. At the unsubscribe address, our token or a reply to our email is
 * enough.
 * Elsewhere a keyword at the start of the subject or of the first own line is needed. Automatic replies and forwarded
 * digests never count: the links in them are content.
 * The proof decides whose subscription it is, and whether they may ask.
 */
export function isUnsubscribeRequest(
  mail: InboundMail,
  { toUnsubscribeAddress }: { toUnsubscribeAddress: boolean },
): boolean {
  if (isMarkedAutomatic(mail)) return false
  if (mail.headers.has('x-apple-unsubscribe')) return true
  const subject = withoutPrefixes(mail.subject)
  const line = withoutPrefixes(firstOwnLine(mail.text))
  if (WORD.test(subject) || WORD.test(line)) return true
  if (!toUnsubscribeAddress) return false
  if (BARE_TOKEN.test(mail.subject) || BARE_TOKEN.test(line)) return true
  return mail.headers.has('in-reply-to') && !FORWARD.test(mail.subject)
}

function withoutPrefixes(text: string): string {
  let rest = text.slice(0, MAX_LINE_LENGTH)
  for (let found = PREFIX.exec(rest); found; found = PREFIX.exec(rest)) rest = rest.slice(found[0].length)
  return rest.trim()
}

/** Returns the first line that is neither empty nor quoted. */
const firstOwnLine = (text: string): string =>
  text
    .split('\n', 50)
    .map((line) => line.trim())
    .find((line) => line !== '' && !line.startsWith('>')) ?? ''
