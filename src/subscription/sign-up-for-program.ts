import { PaperboyError } from '../lib/errors.ts'
import type { Locale } from '../messages/catalogue.ts'
import type { Services } from '../runtime/services.ts'
import { type AddedReader, addReader } from './add-reader.ts'
import { findReader } from './find-reader.ts'
import { BadPreference, type Choices, invalidFields, tidied } from './preference-rules.ts'
import { checkZone } from './preferences.ts'
import { storeSignUp } from './subscribe.ts'

type Deps = Pick<Services, 'db' | 'config' | 'now'>

export interface NewReader {
  email: string
  zone?: string | undefined
  locale?: Locale | undefined
  topics?: string[] | undefined
  /** only with consent given elsewhere, as the hour */
  cadence?: Choices['cadence'] | undefined
  hour?: number | undefined
  /** consent that was given elsewhere; without it, an email asks to confirm */
  consent?: { form: string; confirmedAt: Date } | undefined
}

/**
 * Adds one reader for a program of the operator's. The caller wakes a worker once the transaction is committed.
 *
 * Without consent given elsewhere this is a sign-up: the person gets an email and confirms. With it, the rules of an import hold: it
 * makes no person active who unsubscribed, bounced, complained, is suppressed or was erased.
 *
 * @param by.origin the network address of the program
 * @param by.attestedBy who attests the consent; stored with the reader
 * @returns what became of the address. `signed up`: a known person gets an email
 * @throws PaperboyError BAD_ADDRESS | BAD_PREFERENCE; OPTED_OUT when an import must not activate the address; TOO_MANY_SIGN_UPS when
 *   the address got too many emails
 */
export async function addForProgram(
  deps: Deps,
  wanted: NewReader,
  by: { origin: string; attestedBy: string },
): Promise<{ id: number; status: string; did: 'added' | 'activated' | 'signed up' | 'unchanged' }> {
  const { email, locale, consent, cadence, hour } = wanted
  const { zone, topics } = tidied({ zone: wanted.zone ?? 'UTC', topics: wanted.topics ?? [] })
  const schedule = { ...(cadence ? { cadence } : {}), ...(hour === undefined ? {} : { hour }) }
  for (const field of invalidFields({ ...schedule, zone, topics })) throw new BadPreference(field)
  if (!consent && Object.keys(schedule).length > 0)
    throw new PaperboyError(
      'BAD_PREFERENCE',
      'A cadence or an hour needs consent given elsewhere. Otherwise the person chooses them after confirming. Nothing was stored.',
    )
  await checkZone(deps.db, zone)
  const before = await findReader(deps, email)
  let did: Exclude<AddedReader, 'refused'> | 'signed up' = before.reader ? 'signed up' : 'added'
  if (consent) {
    const { form: consent_form, confirmedAt: confirmed_at } = consent
    const given = { status: 'active' as const, zone, topics, ...schedule, ...(locale ? { locale } : {}) }
    const options = { active: true, attestedBy: by.attestedBy }
    const added = await addReader(deps, email, options, { ...given, consent_form, confirmed_at })
    if (added === 'refused') throw optedOut()
    did = added
  } else {
    const given = { zone: wanted.zone, ...(locale ? { locale } : {}), wishes: { topics } }
    await storeSignUp(deps, { typed: email, ...given, origin: by.origin })
  }
  const { reader } = await findReader(deps, email)
  // An address over the email limit that has no row: nothing was stored.
  if (!reader) throw new PaperboyError('TOO_MANY_SIGN_UPS', 'This address got too many emails. Try again tomorrow.')
  return { id: reader.id, status: reader.status, did }
}

const optedOut = () =>
  new PaperboyError(
    'OPTED_OUT',
    'This person unsubscribed, bounced, complained, is suppressed or was erased. Without consent from elsewhere, an email can ask them to confirm.',
  )
