import { createSecretKey, type KeyObject } from 'node:crypto'
import { eq } from 'drizzle-orm'
import { LRUCache } from 'lru-cache'
import { type CompiledEdition, compileEdition } from '../../edition/compose/compiled-edition.ts'
import { readAllSegments } from '../../edition/compose/stored-segments.ts'
import { type ListDayState, readQuietDaysBefore } from '../../edition/draft/quiet-days.ts'
import { openPersonalMatcher, type PersonalMatcher } from '../../edition/select/read-personal.ts'
import { readSelectionIndex } from '../../edition/select/read-selection-index.ts'
import { readTasteIndex } from '../../edition/select/read-taste-index.ts'
import type { SelectionIndex } from '../../edition/select/selection-index.ts'
import type { Locale } from '../../messages/catalogue.ts'
import { isSmtpReady } from '../../relay/dot-stuffing.ts'
import { editions } from '../../runtime/db/schema.ts'
import type { Services } from '../../runtime/services.ts'
import type { Lease } from '../ledger/batches.ts'
import { openRepeats } from '../ledger/repeats.ts'

/** The data of a released edition that all its digests share. The release froze it, so it may be cached until a recall. */
export interface CachedEdition {
  /** always includes English */
  compiled: ReadonlyMap<Locale, CompiledEdition>
  index: SelectionIndex
  matchPersonal: PersonalMatcher
  findRepeats: ReturnType<typeof openRepeats>
  /** days without an edition since the one before it */
  quietDays: readonly ListDayState[]
  /** weekly digests list what a reader saved */
  weekly: boolean
  messageKey: KeyObject
  /** SMTP carries all its segments unchanged */
  smtpReady: boolean
}

/** Batches of one edition follow each other, so that a few editions suffice. */
const CAPACITY = 4

/** Returns a function that loads an edition, or takes it from the cache of the last few. */
export function openEditionCache({ db, config, now }: Pick<Services, 'db' | 'config' | 'now'>) {
  const cache = new LRUCache<string, Promise<CachedEdition>>({ max: CAPACITY })

  const load = async (editionId: number): Promise<CachedEdition> => {
    const [edition] = await db
      .select({ messageKey: editions.messageKey, kind: editions.kind, date: editions.date })
      .from(editions)
      .where(eq(editions.id, editionId))
    const segments = await readAllSegments({ db, config, now }, editionId)
    if (!edition || !segments.has('en')) throw new Error(`edition ${editionId} has no composed segments`)
    return {
      compiled: new Map([...segments].map(([locale, each]) => [locale, compileEdition(each)])),
      index: await readSelectionIndex(db, editionId),
      matchPersonal: openPersonalMatcher(editionId, () => readTasteIndex(db, editionId)),
      findRepeats: openRepeats({ db, now }, editionId),
      quietDays: await readQuietDaysBefore({ db, config }, edition),
      weekly: edition.kind === 'weekly',
      messageKey: createSecretKey(edition.messageKey),
      smtpReady: [...segments.values()].every(isSmtpReady),
    }
  }

  return ({ editionId, releasedAt }: Pick<Lease, 'editionId' | 'releasedAt'>): Promise<CachedEdition> => {
    const key = `${editionId} ${releasedAt}`
    const edition = cache.get(key) ?? load(editionId)
    cache.set(key, edition)
    edition.catch(() => cache.delete(key))
    return edition
  }
}
