import { sql } from 'drizzle-orm'
import type { Db } from '../runtime/db/database.ts'
import { bool, query } from '../runtime/db/query.ts'
import type { Services } from '../runtime/services.ts'
import { type Choices, tidied, tidy } from './preference-rules.ts'
import { type Preferences, savePreferences } from './preferences.ts'

/** The wishes that a link or button can add, one at a time. */
export const FOLLOWED = ['topics', 'keywords', 'authors', 'organisations', 'likePapers'] as const

type Followed = (typeof FOLLOWED)[number]

/**
 * Returns whether a reader follows an author, an organisation or a topic's slug, or undefined when they are not an active reader.
 * @param subscriberId undefined for a visitor
 */
export async function isFollowing(
  db: Db,
  subscriberId: number | undefined,
  kind: 'author' | 'organisation' | 'topic',
  name: string,
): Promise<boolean | undefined> {
  if (subscriberId === undefined) return undefined
  const names = { author: sql`authors`, organisation: sql`organisations`, topic: sql`topics` }[kind]
  const [reader] = await query(db, { follows: bool })`
    SELECT ${kind === 'topic' ? name : tidy(name)} = ANY(${names}) AS follows FROM subscribers WHERE id = ${subscriberId} AND status = 'active'`
  return reader?.follows
}

type Deps = Pick<Services, 'db' | 'keys' | 'config' | 'now'>

/**
 * Adds a wish to a reader's preferences, such as an author to follow. Adding it again changes nothing.
 *
 * @param token of a preferences link
 * @param wish one value of one kind, such as `{ authors: 'Yejin Choi' }`
 * @throws PaperboyError TOKEN_UNKNOWN | BadPreference when the reader has too many, or the value is invalid
 */
export const follow = (deps: Deps, token: string, wish: Partial<Record<Followed, string>>): Promise<Preferences> =>
  changeEach(deps, token, wish, (values, value) => [...values.filter((each) => each !== value), value])

/** Removes a wish. Does nothing when the reader does not have it. @throws PaperboyError TOKEN_UNKNOWN */
export const unfollow = (deps: Deps, token: string, wish: Partial<Record<Followed, string>>): Promise<Preferences> =>
  changeEach(deps, token, wish, (values, value) => values.filter((each) => each !== value))

const changeEach = (
  deps: Deps,
  token: string,
  wish: Partial<Record<Followed, string>>,
  change: (values: readonly string[], value: string) => string[],
): Promise<Preferences> =>
  savePreferences(deps, token, (current: Choices) => {
    const values = tidied(current)
    const given = FOLLOWED.flatMap((kind) => (wish[kind] === undefined ? [] : [[kind, [wish[kind]]] as const]))
    const wanted: Partial<Record<Followed, string[]>> = tidied(Object.fromEntries(given))
    return Object.fromEntries(given.map(([kind]) => [kind, change(values[kind], wanted[kind]![0]!)]))
  })
