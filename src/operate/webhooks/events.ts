/** Events that an endpoint can get. The triggers of migration 0021 write them; a test compares both. */
export const WEBHOOK_EVENTS = [
  'reader.subscribed',
  'reader.confirmed',
  'reader.preferences_changed',
  'reader.unsubscribed',
  'reader.bounced',
  'reader.complained',
  'edition.released',
  'edition.finished',
  'edition.paused',
] as const
export type WebhookEvent = (typeof WEBHOOK_EVENTS)[number]

/** Sent by hand, to try an endpoint. */
export const TEST_EVENT = 'test'
