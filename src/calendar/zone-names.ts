/**
 * Zones that browsers report without a place. Each has the rules of the one named here (tzdata, file `backward`). PostgreSQL reads CET and
 * its like as abbreviations with a fixed offset, without summer time, so that they are never stored.
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

/** The name of a zone with its place: "CET" → "Europe/Brussels", "Japan" → "Asia/Tokyo". What is not known stays as it is. */
export function canonicalZone(zone: string): string {
  if (zone.includes('/') || /^(?:UTC|GMT)$/i.test(zone)) return zone
  const place = PLACES[zone.toUpperCase()]
  if (place) return place
  // An offset such as "+03:00" is a zone to Intl and none to the database.
  if (!/^[A-Za-z-]+$/.test(zone)) return zone
  try {
    return new Intl.DateTimeFormat('en', { timeZone: zone }).resolvedOptions().timeZone
  } catch {
    return zone
  }
}
