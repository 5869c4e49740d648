import type { Resolver } from 'node:dns/promises'
import { addressOf } from '../../mail/mailbox.ts'
import { type DkimSettings, dkimRecord, readDkimKeys } from '../../relay/dkim-keys.ts'
import type { Config } from '../../runtime/config/config.ts'
import { type Diagnosis, failure, ok, warning } from './diagnosis.ts'

export type Dns = Pick<Resolver, 'resolveTxt' | 'resolveMx' | 'resolve4' | 'resolve6'>

/** Names that are not in the public DNS (RFC 2606, RFC 6761, RFC 6762). */
const NOWHERE = /(?:^|\.)(?:localhost|localdomain|local|test|example|invalid|internal)$/i

/** Checks the sender's DNS: SPF, DKIM and DMARC, which large receivers demand, and the domains that receive bounces and replies. */
export async function checkSender(
  config: DkimSettings & Pick<Config, 'MAIL_FROM' | 'REPLY_TO' | 'BOUNCE_ADDRESS'>,
  dns: Dns,
): Promise<Diagnosis[]> {
  const from = domainIn(addressOf(config.MAIL_FROM))
  const envelope = config.BOUNCE_ADDRESS === undefined ? from : domainIn(config.BOUNCE_ADDRESS)
  if (NOWHERE.test(from))
    return [
      warning(
        'Sender',
        `${from} is not a public domain; fine for local testing`,
        'set MAIL_FROM before you send real email',
      ),
    ]
  const replies = domainIn(addressOf(config.REPLY_TO ?? config.MAIL_FROM))
  return Promise.all([
    checkSpf(envelope, dns),
    checkDkim(config, dns),
    checkDmarc({ from, envelope, signed: config.DKIM_DOMAIN?.toLowerCase() }, dns),
    checkBounceDomain(envelope, dns),
    ...(replies === envelope ? [] : [checkReplyDomain(replies, dns)]),
  ])
}

const domainIn = (address: string): string => address.slice(address.lastIndexOf('@') + 1).toLowerCase()

/** RFC 7208: which servers may send with this envelope. */
async function checkSpf(domain: string, dns: Dns): Promise<Diagnosis> {
  const texts = await textsAt(domain, dns)
  if (texts === undefined) return lookupFailed('SPF', domain)
  const records = texts.filter((text) => /^v=spf1(?: |$)/i.test(text))
  if (records.length === 0)
    return failure(
      'SPF',
      `${domain} has no record`,
      `publish one at ${domain} that names your relay, such as "v=spf1 include:RELAY -all"`,
    )
  if (records.length > 1)
    return failure(
      'SPF',
      `${domain} has ${records.length} records, so receivers ignore them all`,
      'merge them into one (RFC 7208 § 4.5)',
    )
  if (/[ ]\+?all\b/i.test(records[0]!))
    return warning('SPF', `${domain} allows every server to send (+all)`, 'end its record with -all or ~all')
  return ok('SPF', `${domain} has a record`)
}

/** RFC 6376: whether DNS publishes our signing keys. */
async function checkDkim(settings: DkimSettings, dns: Dns): Promise<Diagnosis> {
  const keys = await readDkimKeys(settings).catch((error: Error) => error)
  if (keys instanceof Error) return failure('DKIM', keys.message, 'check DKIM_PRIVATE_KEY_FILE')
  if (keys.length === 0) return ok('DKIM', 'left to the relay')
  for (const record of keys.map(dkimRecord)) {
    const texts = await textsAt(record.name, dns)
    if (texts === undefined) return lookupFailed('DKIM', record.name)
    const published = texts.map(publicKeyIn)
    if (!published.includes(publicKeyIn(record.text)))
      return failure(
        'DKIM',
        texts.length === 0
          ? `${record.name} is not published`
          : `${record.name} publishes a different key from the one that signs`,
        'npm run -s paperboy -- dkim prints the record',
      )
  }
  return ok('DKIM', `${keys.map(({ selector }) => selector).join(' and ')} published`)
}

const publicKeyIn = (text: string): string => /(?:^|;)\s*p=([^;]*)/.exec(text)?.[1]?.replace(/\s/g, '') ?? ''

/** RFC 7489: what receivers do with unaligned email. A domain without its own record uses its parent's. */
async function checkDmarc({ from, ...others }: Domains, dns: Dns): Promise<Diagnosis> {
  const labels = from.split('.')
  for (let first = 0; first < labels.length - 1; first++) {
    const name = `_dmarc.${labels.slice(first).join('.')}`
    const texts = await textsAt(name, dns)
    if (texts === undefined) return lookupFailed('DMARC', name)
    const record = texts.find((text) => /^v=DMARC1\b/i.test(text))
    if (record !== undefined) return checkAlignment(record, { from, ...others }) ?? ok('DMARC', `${name} has a record`)
  }
  return failure('DMARC', `${from} has no record`, `publish one at _dmarc.${from}, for a start "v=DMARC1; p=none"`)
}

interface Domains {
  from: string
  envelope: string
  /** by our keys; undefined when the relay signs, by a domain that we do not know */
  signed: string | undefined
}

/** RFC 7489 § 3.1: the signature or the envelope sender must belong to the sender's domain. Returns undefined without a problem. */
function checkAlignment(record: string, { from, envelope, signed }: Domains): Diagnosis | undefined {
  const isStrict = (tag: 'adkim' | 'aspf') => new RegExp(`;\\s*${tag}\\s*=\\s*s\\b`, 'i').test(record)
  if (signed === undefined || isAligned(from, signed, isStrict('adkim'))) return undefined
  const remedy = `set DKIM_DOMAIN=${from}, and publish the record that npm run -s paperboy -- dkim prints`
  return isAligned(from, envelope, isStrict('aspf'))
    ? warning('DMARC', `the signature of ${signed} does not count for ${from}, so forwarded email fails`, remedy)
    : failure(
        'DMARC',
        `neither the signature of ${signed} nor ${envelope} counts for ${from}: without another one by the relay, every email fails`,
        remedy,
      )
}

/** Without the list of public suffixes, two names of one registry such as co.uk seem to belong together. */
const isAligned = (from: string, other: string, strict: boolean): boolean =>
  strict ? from === other : registered(from) === registered(other)

const registered = (domain: string): string => domain.split('.').slice(-2).join('.')

const checkBounceDomain = async (domain: string, dns: Dns): Promise<Diagnosis> =>
  (await acceptsEmail('Bounces', domain, dns)) ??
  failure(
    'Bounces',
    `${domain} accepts no email, so bounces and replies are lost`,
    'publish an MX record, or set BOUNCE_ADDRESS',
  )

const checkReplyDomain = async (domain: string, dns: Dns): Promise<Diagnosis> =>
  (await acceptsEmail('Replies', domain, dns)) ??
  warning(
    'Replies',
    `${domain} accepts no email, so readers’ replies are lost`,
    'publish an MX record, or set REPLY_TO',
  )

/** RFC 5321 § 5.1: whether a domain accepts email. Returns undefined when it accepts none. */
async function acceptsEmail(part: string, domain: string, dns: Dns): Promise<Diagnosis | undefined> {
  const found = await Promise.allSettled([dns.resolveMx(domain), dns.resolve4(domain), dns.resolve6(domain)])
  const [mx] = found
  const takesNone = mx.status === 'fulfilled' && mx.value.length === 1 && mx.value[0]!.exchange.replace('.', '') === ''
  if (!takesNone && found.some((each) => each.status === 'fulfilled' && each.value.length > 0))
    return ok(part, `${domain} accepts email`)
  if (found.some((each) => each.status === 'rejected' && !isNothing(each.reason))) return lookupFailed(part, domain)
  return undefined
}

/** TXT records, each joined to one string. Empty if there are none, undefined if the lookup failed. */
async function textsAt(name: string, dns: Dns): Promise<string[] | undefined> {
  try {
    return (await dns.resolveTxt(name)).map((pieces) => pieces.join(''))
  } catch (error) {
    return isNothing(error) ? [] : undefined
  }
}

const isNothing = (error: unknown): boolean =>
  ['ENODATA', 'ENOTFOUND'].includes((error as { code?: string }).code ?? '')

const lookupFailed = (part: string, name: string): Diagnosis =>
  warning(part, `${name} could not be looked up`, 'run doctor where DNS works')
