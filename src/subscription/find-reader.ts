import { eq } from 'drizzle-orm'
import { PaperboyError } from '../lib/errors.ts'
import { addressHash, parseAddress } from '../mail/address.ts'
import { isLocale, type Locale } from '../messages/catalogue.ts'
import { subscribers, suppressions } from '../runtime/db/schema.ts'
import type { Services } from '../runtime/services.ts'

/** One reader's subscription, as an operator sees it. */
export interface FoundReader {
  id: number
  /** null once erased */
  email: string | null
  status: string
  cadence: string
  hour: number
  zone: string
  locale: string
  format: string
  size: number
  topics: string[]
  nextDigestAt: Date | null
  pausedUntil: Date | null
  requestedAt: Date | null
  confirmedAt: Date | null
  leftAt: Date | null
  createdAt: Date
  importedAt: Date | null
  /** the version of the form they agreed to, or who attests consent given elsewhere */
  consent: string | null
}

interface Found {
  reader: FoundReader | undefined
  /** why the address is suppressed; undefined if it is not */
  suppressed: string | undefined
}

type Deps = Pick<Services, 'db' | 'config'>

/**
 * @returns the reader with this address, and why the address is suppressed; each undefined if there is none
 * @throws PaperboyError BAD_ADDRESS when the text is not an address
 */
export async function findReader(deps: Deps, typed: string): Promise<Found> {
  const { key } = parseAddress(typed, { utf8: true })
  const [found] = await deps.db.select().from(subscribers).where(eq(subscribers.emailKey, key))
  return withSuppression(deps, found, addressHash(deps.config.SUPPRESSION_KEY, key))
}

/** Returns the reader with this number, as `findReader`. */
export async function readReader(deps: Deps, id: number): Promise<Found> {
  const [found] = await deps.db.select().from(subscribers).where(eq(subscribers.id, id))
  return withSuppression(deps, found, found?.addressHash ?? null)
}

async function withSuppression(
  { db }: Deps,
  found: typeof subscribers.$inferSelect | undefined,
  hash: Buffer | null,
): Promise<Found> {
  const [suppression] = hash
    ? await db.select({ reason: suppressions.reason }).from(suppressions).where(eq(suppressions.addressHash, hash))
    : []
  if (!found) return { reader: undefined, suppressed: suppression?.reason }
  const { id, email, status, cadence, hour, zone, locale, format, size, topics, nextDigestAt, pausedUntil } = found
  const { requestedAt, confirmedAt, leftAt, createdAt, importedAt, consentForm, importedBy } = found
  const consent = consentForm ?? (importedBy && `import by ${importedBy}`)
  return {
    reader: {
      ...{ id, email, status, cadence, hour, zone, locale, format, size, topics, nextDigestAt, pausedUntil },
      ...{ requestedAt, confirmedAt, leftAt, createdAt, importedAt, consent },
    },
    suppressed: suppression?.reason,
  }
}

/**
 * Returns the id of the subscriber with this address. @throws PaperboyError BAD_ADDRESS, also when no subscriber has
 * it
 */
export async function subscriberIdOf({ db }: Pick<Services, 'db'>, typed: string): Promise<number> {
  const [found] = await db
    .select({ id: subscribers.id })
    .from(subscribers)
    .where(eq(subscribers.emailKey, parseAddress(typed, { utf8: true }).key))
  if (!found) throw new PaperboyError('BAD_ADDRESS', 'No subscriber has this address.')
  return found.id
}

/** Returns a subscriber's language, the one that their unconfirmed sign-up asks for, and their cadence; all undefined for an unknown id. */
export async function localeAndCadenceOf(
  { db }: Pick<Services, 'db'>,
  subscriberId: number,
): Promise<{
  locale: Locale | undefined
  askedLocale: Locale | undefined
  cadence: 'daily' | 'weekdays' | 'weekly' | undefined
}> {
  const [found] = await db
    .select({ locale: subscribers.locale, asked: subscribers.asked, cadence: subscribers.cadence })
    .from(subscribers)
    .where(eq(subscribers.id, subscriberId))
  const known = (locale: unknown) => (isLocale(locale) ? locale : undefined)
  return { locale: known(found?.locale), askedLocale: known(found?.asked?.locale), cadence: found?.cadence }
}
