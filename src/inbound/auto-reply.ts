import { headerOf, type InboundMail } from './read-mail.ts'

/** Automatic answers of an email program or gateway. None of them says anything about delivery. */
export type AutoReply = 'autoreply' | 'challenge' | 'moved'

/** Sender names of mail systems. No person on holiday has such a name. */
const DAEMON =
  /^(?:mailer-?daemon|post(?:o)?master|mail(?:er)?|mail-?delivery.*|bounces?|mdaemon|smtp-?gateway)(?:@|$)|mail (?:delivery|system)/i

/** Returns whether a mail system sent it: by its name, or by the empty return path of reports (RFC 5321 § 4.5.5). */
export const isFromDaemon = ({ headers, from }: Pick<InboundMail, 'headers' | 'from'>): boolean =>
  DAEMON.test(from.replaceAll('"', '')) || DAEMON.test(headerOf(headers, 'from').replaceAll('"', ''))

export const hasNullReturnPath = ({ headers }: Pick<InboundMail, 'headers'>): boolean =>
  headerOf(headers, 'return-path') === '<>'

const VACATION =
  /out.?of.?(?:the.?)?office|\bvacation\b|\bholidays?\b|auto(?:matic|mated)?[- ]?(?:reply|response|respond)|away (?:from|until|message)|on leave|maternity leave|abwesen|abwesend|automatische antwort|nicht im (?:büro|hause)|urlaub|absence|absent du bureau|réponse automatique|congés|fuera de (?:la )?oficina|respuesta automática|ausente|vacaciones|risposta automatica|fuori (?:sede|ufficio)|resposta automática|férias|afwezig|automatisch antwoord|frånvaro|autosvar|poissa|fravær|nieobecność|автоответ|отпуск|不在|自動応答|自動返信|自动回复/i

const CHALLENGE =
  /confirm (?:that )?(?:you|your (?:e-?mail|message|address))|verify (?:that )?(?:you|your (?:e-?mail|message|address))|challenge.?response|boxtrapper|spam ?arrest|\btmda\b|sender verification|needs? (?:your )?(?:confirmation|verification)|prove (?:that )?you|whitelist|bestätigen sie ihre (?:e-?mail|nachricht)/i

const MOVED =
  /(?:new|changed|neue|nouvelle|nueva|nuovo|novo)\b.{0,30}(?:e-?mail|address|adresse|dirección|indirizzo|endereço)|(?:e-?mail|address|adresse|dirección|indirizzo).{0,40}(?:has changed|changed|geändert|changé|cambiado|cambiato|no longer in use)|メールアドレス.{0,10}変更/i

/** Returns whether headers mark it as automatic, or a mail system sent it. */
export function isMarkedAutomatic(mail: InboundMail): boolean {
  return isMarkedReply(mail) || isFromDaemon(mail) || hasNullReturnPath(mail)
}

const isMarkedReply = ({ headers }: InboundMail): boolean =>
  /^auto-(?:replied|notified)/i.test(headerOf(headers, 'auto-submitted')) ||
  headers.has('x-autoreply') ||
  headers.has('x-autorespond') ||
  headers.has('x-autoresponder') ||
  headers.has('x-vacation') ||
  /^(?:auto[_-]?reply|vacation)/i.test(headerOf(headers, 'precedence')) ||
  /^(?:auto|vacation|oof)/i.test(headerOf(headers, 'x-auto-response'))

/** @returns undefined when it is not an automatic reply */
export function detectAutoReply(mail: InboundMail): AutoReply | undefined {
  const { subject, text } = mail
  const opening = `${subject}\n${text.slice(0, 2000)}`
  const marked = isMarkedReply(mail)
  const vacation = VACATION.test(subject)
  if (CHALLENGE.test(subject) || (marked && CHALLENGE.test(opening))) return 'challenge'
  if (MOVED.test(subject) || (marked && MOVED.test(opening))) return 'moved'
  if (vacation || marked) return 'autoreply'
  return undefined
}
