import type { Messages } from '../messages/catalogue.ts'
import { writeFirstOfMonth } from './words.ts'

/**
 * Formats a moment in a zone: "Tuesday, 14 April 2026 at 08:00 (Europe/Berlin)".
 * Falls back to UTC: the database may know a zone that this Node does not.
 */
export function momentInZone(t: Messages, at: Date, zone: string): string {
  const format = (timeZone: string) =>
    t.mails.at(
      writeFirstOfMonth(new Intl.DateTimeFormat(t.intl, { dateStyle: 'full', timeZone }).format(at), t.intl),
      new Intl.DateTimeFormat(t.intl, { timeStyle: 'short', timeZone }).format(at),
      timeZone,
    )
  try {
    return format(zone)
  } catch {
    return format('UTC')
  }
}
