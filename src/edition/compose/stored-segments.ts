import { eq } from 'drizzle-orm'
import type { Locale } from '../../messages/catalogue.ts'
import { editionParts, editions } from '../../runtime/db/schema.ts'
import type { Services } from '../../runtime/services.ts'
import { composeEdition } from './compose.ts'
import { readComposingInput } from './composing-input.ts'
import { type EditionSegments, SEGMENTS_VERSION } from './segments.ts'

type Deps = Pick<Services, 'db' | 'config' | 'now'>

/**
 * Reads the segments that were composed when the edition was released, by language.
 * Those of an older version of Paperboy have another shape: they are composed again, from the papers that the release froze.
 */
export async function readAllSegments(deps: Deps, editionId: number): Promise<Map<Locale, EditionSegments>> {
  const { db } = deps
  const rows = await db
    .select({ locale: editionParts.locale, parts: editionParts.parts })
    .from(editionParts)
    .where(eq(editionParts.editionId, editionId))
  const stored = rows.map(({ locale, parts }) => [locale as Locale, parts as EditionSegments] as const)
  if (stored.every(([, { version }]) => version === SEGMENTS_VERSION)) return new Map(stored)
  return recompose(
    deps,
    editionId,
    stored.map(([locale]) => locale),
  )
}

async function recompose({ db, config, now }: Deps, editionId: number, locales: readonly Locale[]) {
  const [edition] = await db.select().from(editions).where(eq(editions.id, editionId))
  const input = await readComposingInput(db, edition!, now(), config)
  const composed = locales.map(
    async (locale) => [locale, (await composeEdition(config, edition!, input, locale)).segments] as const,
  )
  return new Map(await Promise.all(composed))
}

/** @returns the segments in this language, else in English, else undefined */
export async function readSegments(
  deps: Deps,
  editionId: number,
  locale: Locale,
): Promise<EditionSegments | undefined> {
  const all = await readAllSegments(deps, editionId)
  return all.get(locale) ?? all.get('en')
}
