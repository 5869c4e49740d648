import { canonicalZone } from '../calendar/zone-names.ts'
import { PaperboyError } from '../lib/errors.ts'
import type { Locale } from '../messages/catalogue.ts'
import { bool, queryOne } from '../runtime/db/query.ts'
import type { Services } from '../runtime/services.ts'
import { carrySuppressions } from './compose-keys.ts'
import { findReader } from './find-reader.ts'
import { insertRows } from './import.ts'
import { rowOfAddress } from './import-rows.ts'
import { BadPreference, type Choices, invalidFields } from './preference-rules.ts'
import { subscribe } from './subscribe.ts'

type Deps = Pick<Services, 'db' | 'queues' | 'config' | 'now'>

export interface NewReader {
  email: string
  zone?: string | undefined
  locale?: Locale | undefined
  topics?: string[] | undefined
  cadence?: Choices['cadence'] | undefined
  hour?: number | undefined
  /** consent that was given elsewhere; without it, an email asks to confirm */
  consent?: { form: string; confirmedAt: Date } | undefined
}

/**
 * Adds one reader for a program of the operator's.
 *
 * Without consent given elsewhere this is a sign-up: the person gets an email and confirms. With it, the rules of an import hold: it
 * makes no person active who unsubscribed, bounced, complained, is suppressed or was erased.
 *
 * @param by.origin the network address of the program
 * @param by.attestedBy who attests the consent; stored with the reader
 * @returns what became of the address
 * @throws PaperboyError BAD_ADDRESS | BAD_PREFERENCE; OPTED_OUT when an import must not activate the address; TOO_MANY_SIGN_UPS when
 *   the address got too many emails
 */
export async function addForProgram(
  deps: Deps,
  wanted: NewReader,
  by: { origin: string; attestedBy: string },
): Promise<{ id: number; status: string; added: boolean }> {
  const { email, locale, consent, topics = [] } = wanted
  const zone = canonicalZone(wanted.zone ?? 'UTC')
  const { cadence = 'daily', hour = 8 } = wanted
  for (const field of invalidFields({ cadence, hour, zone, topics })) throw new BadPreference(field)
  const { known } = await queryOne(deps.db, { known: bool })`SELECT is_zone(${zone}) AS known`
  if (!known) throw new BadPreference('zone')
  const before = await findReader(deps, email)
  if (consent) await addWithConsent(deps, { ...wanted, zone, cadence, hour, topics, consent }, by.attestedBy)
  else
    await subscribe(deps, { typed: email, zone, ...(locale ? { locale } : {}), origin: by.origin, wishes: { topics } })
  const { reader } = await findReader(deps, email)
  // An address over the email limit that has no row: nothing was stored.
  if (!reader) throw new PaperboyError('TOO_MANY_SIGN_UPS', 'This address got too many emails. Try again tomorrow.')
  return { id: reader.id, status: reader.status, added: before.reader === undefined }
}

async function addWithConsent(
  { db, config, now }: Deps,
  wanted: NewReader & Required<Pick<NewReader, 'topics' | 'cadence' | 'hour' | 'zone' | 'consent'>>,
  attestedBy: string,
): Promise<void> {
  const { form, confirmedAt } = wanted.consent!
  const row = {
    ...rowOfAddress({ suppressionKey: config.SUPPRESSION_KEY, newsletter: config.newsletter }, wanted.email),
    ...{
      status: 'active' as const,
      zone: wanted.zone!,
      hour: wanted.hour!,
      cadence: wanted.cadence!,
      topics: wanted.topics!,
    },
    ...{ locale: wanted.locale ?? 'en', confirmed_at: confirmedAt, consent_form: form },
  }
  await db.transaction(async (tx) => {
    await carrySuppressions(tx, config, [row.key])
    const { refused } = await insertRows(tx, [row], { active: true, attestedBy }, now())
    if (refused > 0)
      throw new PaperboyError(
        'OPTED_OUT',
        'This person unsubscribed, bounced, complained, is suppressed or was erased. Without consent from elsewhere, an email can ask them to confirm.',
      )
  })
}
