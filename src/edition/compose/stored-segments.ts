import { eq } from 'drizzle-orm'
import type { Locale } from '../../messages/catalogue.ts'
import type { Db } from '../../runtime/db/database.ts'
import { editionParts } from '../../runtime/db/schema.ts'
import type { EditionSegments } from './segments.ts'

/** Reads the segments that were composed when the edition was released, by language. */
export async function readAllSegments(db: Db, editionId: number): Promise<Map<Locale, EditionSegments>> {
  const rows = await db
    .select({ locale: editionParts.locale, parts: editionParts.parts })
    .from(editionParts)
    .where(eq(editionParts.editionId, editionId))
  return new Map(rows.map(({ locale, parts }) => [locale as Locale, parts as EditionSegments]))
}

/** @returns the segments in this language, else in English, else undefined */
export async function readSegments(db: Db, editionId: number, locale: Locale): Promise<EditionSegments | undefined> {
  const all = await readAllSegments(db, editionId)
  return all.get(locale) ?? all.get('en')
}
