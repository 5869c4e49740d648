import { createHash } from 'node:crypto'

/** Gmail reports no complaints for a sender whose id has another length (support.google.com/mail/answer/6254652). */
const SENDER_CHARACTERS = { least: 5, most: 15 }
const HASH_CHARACTERS = 4

/**
 * Returns Feedback-ID, by which Gmail counts complaints: what the email is, then who sends it.
 * @param slug of the newsletter; one of another length is padded or cut, and stays the newsletter's own
 */
export const feedbackId = (about: readonly string[], slug: string): string => [...about, senderId(slug)].join(':')

function senderId(slug: string): string {
  if (slug.length >= SENDER_CHARACTERS.least && slug.length <= SENDER_CHARACTERS.most) return slug
  const hash = createHash('sha256').update(slug).digest('hex').slice(0, HASH_CHARACTERS)
  return `${slug.slice(0, SENDER_CHARACTERS.most - HASH_CHARACTERS - 1).replace(/-$/, '')}-${hash}`
}
