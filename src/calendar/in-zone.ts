import type { Messages } from '../messages/catalogue.ts'
import { writeFirstOfMonth } from './words.ts'

/** Returns a time zone that Intl accepts: UTC for one that only the database knows, whose zone data may be newer. */
export function zoneForIntl(zone: string): string {
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone })
    return zone
  } catch {
    return 'UTC'
  }
}

/** Formats a moment in a zone: "Tuesday, 14 April 2026 at 08:00 (Europe/Berlin)". */
export function momentInZone(t: Messages, at: Date, zone: string): string {
  const timeZone = zoneForIntl(zone)
  return t.mails.at(
    writeFirstOfMonth(new Intl.DateTimeFormat(t.intl, { dateStyle: 'full', timeZone }).format(at), t.intl),
    new Intl.DateTimeFormat(t.intl, { timeStyle: 'short', timeZone }).format(at),
    timeZone,
  )
}

/** Returns what gives a zone's offset from UTC at a moment, both in milliseconds. */
export function offsetsOf(zone: string): (at: number) => number {
  const format = new Intl.DateTimeFormat('en', { timeZoneName: 'longOffset', timeZone: zoneForIntl(zone) })
  return (at) => {
    const parts = format.formatToParts(at)
    const [, sign, hours = '0', minutes = '0'] =
      /GMT([+-])(\d\d):(\d\d)/.exec(parts.find(({ type }) => type === 'timeZoneName')!.value) ?? []
    return (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes)) * 60_000
  }
}
