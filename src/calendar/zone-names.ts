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

/** Returns a zone's name with a place: "CET" → "Europe/Brussels", "Japan" → "Asia/Tokyo". Unknown names stay unchanged. */
export function canonicalZone(zone: string): string {
  if (zone.includes('/') || /^(?:UTC|GMT)$/i.test(zone)) return zone
  const place = PLACES[zone.toUpperCase()]
  if (place) return place
  // Intl accepts an offset such as "+03:00" as a zone. The database does not.
  if (!/^[A-Za-z-]+$/.test(zone)) return zone
  try {
    return new Intl.DateTimeFormat('en', { timeZone: zone }).resolvedOptions().timeZone
  } catch {
    return zone
  }
}
