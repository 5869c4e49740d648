import { eq } from 'drizzle-orm'
import type { Locale } from '../../messages/catalogue.ts'
import type { Db } from '../../runtime/db/database.ts'
import { editionParts } from '../../runtime/db/schema.ts'
import type { EditionParts } from './segments.ts'

/** What was composed at an edition's release, by language. Parts of a form that this version does not read are left out. */
export async function readAllParts(db: Db, editionId: number): Promise<Map<Locale, EditionParts>> {
  const rows = await db
    .select({ locale: editionParts.locale, parts: editionParts.parts })
    .from(editionParts)
    .where(eq(editionParts.editionId, editionId))
  return new Map(rows.map(({ locale, parts }) => [locale as Locale, parts as EditionParts]))
}

/** @returns the parts in this language, else in English, else undefined */
export async function readParts(db: Db, editionId: number, locale: Locale): Promise<EditionParts | undefined> {
  const all = await readAllParts(db, editionId)
  return all.get(locale) ?? all.get('en')
}
