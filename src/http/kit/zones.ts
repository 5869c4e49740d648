import { z } from 'zod'

/** The browser's time zone in sign-up forms. An invalid value counts as absent: no person typed it. */
export const timeZoneField = z
  .string()
  .regex(/^[A-Za-z0-9/_+-]{1,64}$/)
  .optional()
  .catch(undefined)

interface ZoneGroup {
  /** "Europe" */
  name: string
  zones: { value: string; label: string }[]
}

const NAMES = Intl.supportedValuesOf('timeZone').filter((name) => name.includes('/') && !name.startsWith('Etc/'))

/** All time zones by continent, for a select. Includes the reader's own, even if this Node does not list it. */
export function zoneGroups(own: string): ZoneGroup[] {
  const names = NAMES.includes(own) || own === 'UTC' ? NAMES : [...NAMES, own]
  const byArea = Object.groupBy(names, (name) => name.split('/')[0]!)
  return Object.entries(byArea)
    .sort(([a], [b]) => a.localeCompare(b, 'en'))
    .map(([name, zones]) => ({ name, zones: zones!.toSorted().map((value) => ({ value, label: labelOf(value) })) }))
}

/** "America/Argentina/Buenos_Aires" → "Buenos Aires, Argentina" */
const labelOf = (zone: string): string => zone.split('/').slice(1).toReversed().join(', ').replaceAll('_', ' ')
