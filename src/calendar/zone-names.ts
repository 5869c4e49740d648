import { memoize } from '../lib/memoize.ts'

/**
 * Zones that browsers may report without a place, and the zone with the same rules (tzdata, file `backward`).
 * They are never stored: PostgreSQL reads CET and others as abbreviations with a fixed offset, without summer time.
 */
const PLACES: Readonly<Record<string, string>> = {
  CET: 'Europe/Brussels',
  MET: 'Europe/Brussels',
  EET: 'Europe/Athens',
  WET: 'Europe/Lisbon',
  EST: 'America/Panama',
  MST: 'America/Phoenix',
  HST: 'Pacific/Honolulu',
  EST5EDT: 'America/New_York',
  CST6CDT: 'America/Chicago',
  MST7MDT: 'America/Denver',
  PST8PDT: 'America/Los_Angeles',
}

/** No zone has a longer name. What else is sent as one must not stay in memory. */
const MAX_ZONE_LENGTH = 64

/**
 * Returns a zone's name with a place, in its usual case: "CET" → "Europe/Brussels", "Japan" → "Asia/Tokyo", "europe/berlin" →
 * "Europe/Berlin". Unknown names stay unchanged.
 */
export const canonicalZone = (zone: string): string => (zone.length > MAX_ZONE_LENGTH ? zone : nameOf(zone))

const nameOf = memoize(
  (zone: string) => zone,
  (zone) => {
    if (/^(?:UTC|GMT)$/i.test(zone)) return zone.toUpperCase()
    const place = PLACES[zone.toUpperCase()]
    if (place) return place
    // Intl accepts an offset such as "+03:00" as a zone. The database does not.
    if (!zone.includes('/') && !/^[A-Za-z-]+$/.test(zone)) return zone
    try {
      const known = new Intl.DateTimeFormat('en', { timeZone: zone }).resolvedOptions().timeZone
      // A name that people use stays: Intl would make "Asia/Kolkata" its earlier "Asia/Calcutta".
      const isNamed = /^[A-Z].*\/.*[a-z]/.test(zone) && known.toLowerCase() !== zone.toLowerCase()
      return isNamed ? zone : known
    } catch {
      return zone
    }
  },
)
