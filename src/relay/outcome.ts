import { redact } from '../lib/redact.ts'

/** The result of one attempt to send a message. */
export interface Outcome {
  /** `queued`: sending stopped before the attempt began; the delivery goes back as it was */
  state: 'accepted' | 'deferred' | 'refused' | 'unknown' | 'queued'
  /** the relay's reply or our own text: one line, without addresses */
  reply: string
  /** the relay cannot be used: the next message would fail too */
  relayDown?: true
  /** the connection ended before the message began: another connection may work */
  lost?: true
  /** the mailbox does not exist: the address is suppressed */
  hardBounce?: true
  /** a reply to this message about our account, sender or content: another relay may accept it, and many such replies trip the breaker */
  aboutUs?: true
  /** this relay cannot carry the message, which says nothing about the reader: another relay may */
  elsewhere?: true
  /** asks us to slow down: the relay for all email, or the receiving domain for its own. Counts towards that share. */
  slow?: 'relay' | 'domain'
  /** name of the relay that replied */
  relay?: string
}

/** The fields of nodemailer's error that decide. It has no other reliable ones. */
export interface SmtpFailure {
  message: string
  code?: string | undefined
  /** the command that failed: "MAIL FROM", "RCPT TO", "DATA"; or CONN, EHLO, AUTH … before a message */
  command?: string | undefined
  /** the whole reply, if any */
  response?: string | undefined
  responseCode?: number | undefined
}

/** The code of a failure before anything was sent: the address has letters that this relay does not take. */
export const NEEDS_SMTPUTF8 = 'ESMTPUTF8'

type Meaning = Omit<Outcome, 'reply' | 'relay'>

const GONE: Meaning = { state: 'refused', hardBounce: true }
const REFUSED: Meaning = { state: 'refused' }
const REFUSED_HERE: Meaning = { state: 'refused', elsewhere: true }
const LATER: Meaning = { state: 'deferred' }
const DOMAIN_SLOWER: Meaning = { state: 'deferred', slow: 'domain' }
const RELAY_SLOWER: Meaning = { state: 'deferred', slow: 'relay' }
const RECONNECT: Meaning = { state: 'deferred', lost: true }
/** The relay refuses the session or the sender, before RCPT TO. */
const RELAY_DOWN: Meaning = { state: 'deferred', relayDown: true }
/** Our account cannot send: the relay rests at once. The delivery moves to a later batch, so that a wrong guess delays no other reader. */
const OUR_ACCOUNT: Meaning = { state: 'deferred', relayDown: true, aboutUs: true }
/** The relay refuses our message, or the cause is unclear. One such reply may be about one reader, so only many make the relay rest. */
const OUR_MESSAGE: Meaning = { state: 'deferred', aboutUs: true }

/** What the reply answers: the session, our sender (MAIL FROM), the reader (RCPT TO), or the message. */
type Step = 'session' | 'sender' | 'reader' | 'message'

/** A row matches when all its conditions hold. The first match decides. */
interface Row {
  /** first digit of the reply code; both 4 and 5 when absent */
  digit?: 4 | 5
  codes?: readonly number[]
  steps?: readonly Step[]
  /** enhanced code without its first digit, "1.1" (RFC 3463) */
  enhanced?: RegExp
  words?: RegExp
  means: Meaning
}

const TOO_FAST =
  /throttl|\b(?:sending|submission|send|client) rate\b|thread limit|too many (?:concurrent )?(?:smtp )?connections|\brate limit/i

/**
 * What replies mean. Rows with words come before rows with codes where servers use a code against its definition.
 *
 * Sources are the providers' own lists of SMTP replies: Google "SMTP errors and codes", Microsoft "NDR codes in Exchange Online", AWS
 * "SES SMTP response codes", Yahoo "SMTP error codes", Zoho, Yandex and GMX "mail delivery errors", SendGrid "SMTP errors"; the source of
 * Postfix and Exim (smtpd_check.c, acl.c); replies of cPanel, policyd and Mailgun.
 */
const TABLE: readonly Row[] = [
  // RFC 5321 § 3.8: the server closes. Google and Yahoo use it for an unusual rate.
  { codes: [421], means: { ...RECONNECT, slow: 'relay' } },

  // Our sender. Postfix says "Sender address rejected" with any code, 5.1.1 too; Exim "Sender verify failed"; Exchange "SendAsDenied"; SES "Email address is not verified".
  {
    words:
      /\bsender (?:address )?(?:was |is )?(?:not |un)?(?:allowed|permitted|authori[sz]ed|rejected|denied|blocked|refused|invalid|verified|unknown|accepted)|\bsender (?:verif|signature|identity)|(?:bad|invalid|unverified|banned)(?: outbound)? sender|bad sender|send ?as ?denied|send as this sender|from address does not match|is not one of your addresses|mail from must|not authori[sz]ed to send from|not owned by (?:auth )?user|\b(?:email address|domain|identity|identities)\b.{0,60}\b(?:not|un)[ -]?verified|receive from specified address|unconfigured sending domain|no identity changes|unregistered (?:sending )?domain/i,
    means: OUR_ACCOUNT,
  },
  // RFC 3463 § 3.2: the sender's address and its system.
  { enhanced: /^1\.[78]$/, means: OUR_ACCOUNT },

  // One mailbox receives too fast: Google 4.2.1 and 5.2.1, Exchange 5.2.121 and 5.2.122, Yandex 4.5.1.
  {
    words:
      /you are trying to contact is receiving|recipient(?:['’]s)?\b.{0,60}\b(?:exceeded (?:its|their|the) (?:message rate|limit)|message receive limit)/i,
    means: LATER,
  },
  { enhanced: /^2\.12[12]$/, means: LATER },
  // A relay that asks the receiver first adds its own 5.1.1 to any answer: Postfix, "undeliverable address: host … said: 550 5.7.1 …".
  { digit: 5, steps: ['reader'], words: /\bsaid: 4\d\d\b/, means: LATER },
  {
    digit: 5,
    steps: ['reader'],
    words: /\bsaid: 5\d\d[ -](?:5\.7\.\d|.{0,80}\b(?:block(?:ed|list)|blacklist|spam)(?!\S{0,300}@))/i,
    means: OUR_MESSAGE,
  },
  // No such mailbox or domain (RFC 3463 § 3.2), domain without email (RFC 7505), mailbox disabled (§ 3.3). Not 1.0 or 0.0, which say too little.
  { digit: 5, steps: ['reader', 'message'], enhanced: /^(?:1\.(?:1|2|3|6|10)|2\.1)$/, means: GONE },
  // RFC 3463 § 3.3: the mailbox is full. Rows below match the same words about our own quota.
  { digit: 5, steps: ['reader', 'message'], enhanced: /^2\.2$/, means: REFUSED },
  { digit: 4, steps: ['reader', 'message'], enhanced: /^2\.2$/, means: LATER },
  // A recipient who accepts email from some senders only (Exchange). These texts also mention authentication.
  { digit: 5, words: /resolver\.rst\./i, means: REFUSED },
  { digit: 5, steps: ['reader', 'message'], enhanced: /^7\.(?:12|124|129|133|134|507)$/, means: REFUSED },

  // Our login and permission: RFC 4954 § 6; Postfix "Relay access denied", Exim "relay not permitted", Exchange "TenantAttribution", Brevo 525.
  { codes: [525, 530, 534, 535, 538], means: OUR_ACCOUNT },
  {
    words:
      /\bsend auth\b|smtp auth|\bauth(?:entication)? (?:is )?(?:required|first|failed|credentials)|authenticate first|not (?:logged in|authenticated)|unauthenticated senders\b|must (?:issue a starttls|authenticate|log ?in)|(?:invalid|bad) credentials|does not have permission|relay(?:ing)? (?:access )?(?:is )?(?:denied|disallowed|prohibited|not (?:permitted|allowed))|(?:unable|permitted|allowed|authori[sz]ed) to relay|mail (?:relay|sending) denied|tenantattribution|not authori[sz]ed to perform|unauthori[sz]ed ip|\bip you['’]re using to send|user has no permission|sandbox subdomain/i,
    means: OUR_ACCOUNT,
  },
  // Our account is suspended, unpaid or unproven: SES, Mailgun, SendGrid, Postmark, Zoho, Exchange 5.7.232–233 and 5.7.700–750.
  {
    words:
      /\byour (?:\w+ ){0,3}(?:account|tenant|organi[sz]ation|subscription|plan|domain)\b.{0,60}\b(?:suspend|disabl|block|lock|exceed|reached|limit|inactive|compromis|not (?:yet )?(?:activ|verif|allow|author))|sending (?:is |has been |was )?(?:suspended|paused|disabled|blocked)|tenant has exceeded|out of credits|not enough credit|credits? exceeded|pending approval|\bprobation\b|outgoing blocked|outboundspam/i,
    means: OUR_ACCOUNT,
  },
  { enhanced: /^(?:1\.90|7\.(?:7\d\d|23[23]))$/, means: OUR_ACCOUNT },
  // Our quota is used up: Google 5.4.5, 5.4.6, 5.7.1; Exchange 5.1.90, SubmissionQuotaExceeded; SES 454; Zoho 5.4.6; SendGrid 451; GMX 450; policyd; cPanel.
  {
    words:
      /submissionquota|\b(?:daily|hourly|monthly|email|message|messaging|smtp|sending|submission|outbound|outgoing|relay|relaying|customer) (?:(?:message|count|relay|email|user|smtp|sending|submission|send) )*(?:limits?|quotas?)\b[^.]{0,40}\b(?:exceeded|reached)|(?:exceeded|reached) (?:the |your |its |their )?(?:max(?:imum)? )?(?:e-?mails?|messages?|messaging|sending|daily|hourly|monthly|outgoing)\b[^.]{0,30}(?:limit|quota|per (?:hour|day|month))|policy rejection\W+(?:message count )?quota exceeded|unusual sending (?:activity|rate)|mail send(?:ing)? (?:frequency )?limit/i,
    means: OUR_ACCOUNT,
  },

  // Faster than our account may: SES 454 "Maximum sending rate exceeded", Exchange 4.3.2 and 4.4.2.
  { codes: [454], steps: ['sender', 'reader', 'message'], means: RELAY_SLOWER },
  { digit: 4, words: TOO_FAST, steps: ['sender', 'reader', 'message'], means: RELAY_SLOWER },
  { digit: 4, steps: ['sender'], means: RELAY_SLOWER },
  // The size we announced is too large: this message alone.
  { steps: ['sender'], codes: [552], means: OUR_MESSAGE },
  { steps: ['session', 'sender'], means: OUR_ACCOUNT },

  // One reader, for now: greylisting (RFC 6647) is per recipient whatever its code; x.1.x is the address, x.2.x the mailbox.
  { digit: 4, words: /gr[ae]y.?list/i, means: LATER },
  { digit: 4, enhanced: /^[12]\./, means: LATER },
  // Other temporary refusals may come from the whole domain: their share decides (rates.ts).
  { digit: 4, codes: [450], means: DOMAIN_SLOWER },
  { digit: 4, enhanced: /^7\./, means: DOMAIN_SLOWER },
  { digit: 4, means: LATER },

  // Bad sequence of commands: the connection's fault.
  { codes: [503], means: RECONNECT },
  // A bad mailbox in words. Not enough proof to suppress the address: Yahoo 554 "dd", Exchange 5.4.1, Exim "Unrouteable address", SES 501 "Invalid RCPT TO".
  {
    words:
      /\b(?:user|recipient|mail ?box|account|alias|addressee|address)\b[^.]{0,60}\b(?:unknown|not (?:be )?(?:found|known|listed|recogni[sz]ed|available|exist)|(?:does|do|did)(?: not|n['’]t) (?:exist|have)|no longer|unavailable|non-?existent|undeliverable|disabled|inactive|full|over ?quota|quota exceeded)|\b(?:unknown|invalid|no such|non-?existent|unrouteable|unroutable|bad) (?:local )?(?:user|recipient|mail ?box|rcpt to|account|address|person)|recipient address rejected: (?:access denied|un|user|no |invalid|mailbox|account)|doesn['’]t have an? \S+ account|over ?quota|null mx/i,
    means: REFUSED,
  },
  { steps: ['reader'], enhanced: /^2\.[0-4]$/, means: REFUSED },
  // Size, content, policy, protocol, loops, or the relay's own trouble (RFC 3463 § 3.4–3.8), in code or in words.
  { enhanced: /^(?:[3567]\.\d+|4\.[3567]|2\.3)$/, means: OUR_MESSAGE },
  {
    words:
      /too (?:big|large|long)|\bsize\b|polic(?:y|ies)\b|\bspam|unsolicited|virus|block(?:ed|list)|(?:black|deny)list|\b(?:spf|dkim|dmarc)\b|reputation|\bcontent|headers?\b|\blimit|quota|suspen|throttl|\brate\b/i,
    means: OUR_MESSAGE,
  },
  // RFC 5321 § 4.2.3 defines these replies to RCPT TO as about the mailbox. Any other reply is not the reader's fault.
  { steps: ['reader'], codes: [501, 550, 551, 552, 553, 556], means: REFUSED },
  { means: OUR_MESSAGE },
]

/**
 * Returns the outcome of a failed attempt. No other code decides this.
 *
 * With a reply, the table decides. Without one, the connection was lost. Before the 354 the relay cannot have accepted the message;
 * after it the outcome is unknown (RFC 1047).
 *
 * @param messageBegun whether the relay had replied 354 and we had begun to send the message
 */
export function outcomeOf(failure: SmtpFailure, messageBegun: boolean): Outcome {
  const reply = redact(failure.response ?? failure.message)
  const { code, command, responseCode } = failure
  if (code === 'EAUTH' || code === 'ETLS') return { ...RELAY_DOWN, reply }
  if (responseCode !== undefined && responseCode >= 400) return { ...meaningOf(failure, responseCode), reply }
  // Larger than this relay's greeting allows: another relay may accept it.
  if (code === 'EMESSAGE') return { ...OUR_MESSAGE, reply }
  // RFC 6531 § 3.2: only a relay with SMTPUTF8 gets such an address. Others answer as if the mailbox did not exist.
  if (code === NEEDS_SMTPUTF8) return { ...REFUSED_HERE, reply }
  // The address cannot be expressed in SMTP: retrying cannot help.
  if (code === 'EENVELOPE' && command === 'API') return { ...REFUSED, reply }
  return messageBegun ? { state: 'unknown', reply } : { ...RECONNECT, reply }
}

/** Replies say what they mean at their start (RFC 5321 § 4.5.3.1.5: 512 octets a line). All 64 KB of one took seconds. */
const JUDGED_CHARACTERS = 2_000

const STEPS: Record<string, Step> = { 'MAIL FROM': 'sender', 'RCPT TO': 'reader', DATA: 'message' }

function meaningOf({ command = '', response = '' }: SmtpFailure, code: number): Meaning {
  const [, subject, detail] = /^\d{3}[ -][245]\.(\d{1,3})\.(\d{1,3})\b/.exec(response) ?? []
  const enhanced = subject === undefined ? '' : `${Number(subject)}.${Number(detail)}`
  const step = STEPS[command] ?? 'session'
  // Joins the lines of a reply, without the code before each.
  const words = response
    .slice(0, JUDGED_CHARACTERS)
    .replace(/\s*\r?\n(?:\d{3}[ -](?:[245]\.\d{1,3}\.\d{1,3}\b)?)?\s*/g, ' ')
  const { means } = TABLE.find(
    (row) =>
      (row.digit === undefined || row.digit === Math.floor(code / 100)) &&
      (row.codes === undefined || row.codes.includes(code)) &&
      (row.steps === undefined || row.steps.includes(step)) &&
      (row.enhanced === undefined || row.enhanced.test(enhanced)) &&
      (row.words === undefined || row.words.test(words)),
  )!
  // Before RCPT TO a reply says nothing about this delivery, so it stays in its batch.
  const named = step === 'reader' || step === 'message'
  return means.relayDown && !named ? RELAY_DOWN : means
}
