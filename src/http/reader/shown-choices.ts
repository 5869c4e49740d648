import { z } from 'zod'
import { FOLLOWED } from '../../subscription/follow.ts'
import type { Choices, PreferenceChanges } from '../../subscription/preference-rules.ts'

type Lists = Pick<Choices, (typeof FOLLOWED)[number]>

const list = z.array(z.string()).catch([])
const shownFields = z.looseObject(
  Object.fromEntries(FOLLOWED.map((name) => [name, list])) as Record<keyof Lists, typeof list>,
)

/** What a form showed: its lists, and the values of its other fields. */
type Shown = z.infer<typeof shownFields>

/** Returns the saved choices that a form shows, for a hidden field of it. */
export const showChoices = (choices: Omit<PreferenceChanges, 'pauseWeeks'>): string => JSON.stringify(choices)

/** Parses the hidden field. Returns undefined for a form without one, such as a button that sets one field. */
export function readShown(field: unknown): Shown | undefined {
  try {
    return shownFields.safeParse(JSON.parse(String(field))).data
  } catch {
    return undefined
  }
}

/**
 * Returns what the reader changed in a form, applied to their choices of today. The form may have been open while another tab or a
 * button to follow an author saved something else, which must stay.
 */
export function changesSince(shown: Shown | undefined, wishes: PreferenceChanges, current: Lists): PreferenceChanges {
  if (!shown) return wishes
  const changed = Object.entries(wishes).filter(
    ([name, value]) => JSON.stringify(value) !== JSON.stringify(shown[name]),
  )
  const isList = (name: string): name is keyof Lists => FOLLOWED.includes(name as keyof Lists)
  return Object.fromEntries(
    changed.map(([name, value]) => {
      if (!isList(name)) return [name, value]
      const typed = wishes[name]!
      const kept = current[name].filter((each) => typed.includes(each) || !shown[name].includes(each))
      return [name, [...kept, ...typed.filter((each) => !shown[name].includes(each) && !kept.includes(each))]]
    }),
  )
}
