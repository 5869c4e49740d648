import { z } from 'zod'
import type { Messages } from '../../messages/catalogue.ts'
import { canonicalSlug } from '../../papers/topics/keywords.ts'
import { topicName } from '../../papers/topics/topic-name.ts'
import { invalidFields, tidied } from '../../subscription/preference-rules.ts'
import { evidenceFields } from '../kit/evidence.ts'
import { timeZoneField } from '../kit/zones.ts'

/** One value of each kind, from a link to follow something. Invalid values count as absent. */
const wish = z.string().max(1000).optional().catch(undefined)
export const wishFields = { topic: wish, author: wish, organisation: wish }

export interface Wish {
  topic?: string | undefined
  author?: string | undefined
  organisation?: string | undefined
}

/** What a sign-up form posts, here or on another site. */
export const signUpBody = z
  .object({ email: z.string().catch(''), zone: timeZoneField, ...wishFields, ...evidenceFields })
  .catch({ email: '', zone: undefined })

export function wishesOf({ topic, author, organisation }: Wish) {
  // Most sign-ups.
  if (!topic && !author && !organisation) return { topics: [], authors: [], organisations: [] }
  const wishes = tidied({
    topics: topic ? [canonicalSlug(topic)] : [],
    authors: author ? [author] : [],
    organisations: organisation ? [organisation] : [],
  })
  for (const field of invalidFields(wishes)) wishes[field as keyof typeof wishes] = []
  return wishes
}

/** The wishes for the form: hidden fields, and what they say. */
export function wishView(given: Wish, t: Messages) {
  const { topics, authors, organisations } = wishesOf(given)
  return {
    wishes: [
      ...topics.map((value) => ({ name: 'topic', value, label: topicName(value, t) })),
      ...authors.map((value) => ({ name: 'author', value, label: value })),
      ...organisations.map((value) => ({ name: 'organisation', value, label: value })),
    ],
  }
}

/** Adds the wishes to a path, so that a reader who corrects the address keeps them. */
export function withWishes(path: string, given: Wish, t: Messages): string {
  const { wishes } = wishView(given, t)
  const query = wishes.map(({ name, value }) => `${name}=${encodeURIComponent(value)}`).join('&')
  return query === '' ? path : `${path}${path.includes('?') ? '&' : '?'}${query}`
}
