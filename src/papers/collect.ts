import { and, eq } from 'drizzle-orm'
import { sourceReads } from '../db/schema.ts'
import { PaperboyError } from '../errors.ts'
import type { Services } from '../services.ts'
import type { BadEntry } from './listed-paper.ts'
import type { Source } from './sources/source.ts'
import { type Stored, storeList } from './store.ts'

export interface Collected extends Stored {
  source: string
  day: string
  outcome: 'read' | 'not modified' | 'empty'
  /** entries of the reply that are no papers */
  bad: BadEntry[]
}

type Deps = Pick<Services, 'db' | 'now' | 'log'> & { source: Source }

/**
 * Reads a list day from a source and stores its papers and their votes as of now. Reading it again is how votes are followed.
 *
 * @throws PaperboyError SOURCE_UNAVAILABLE, and nothing is stored; also when there are entries and none can be read, since then
 *   the source has changed and an empty day would be a lie
 */
export async function collect({ db, now, source, log }: Deps, day: string): Promise<Collected> {
  const thisRead = and(eq(sourceReads.source, source.name), eq(sourceReads.listDay, day))
  const [last] = await db.select().from(sourceReads).where(thisRead)
  const reply = await source.read(day, last)
  const readAt = now()
  const nothing = { source: source.name, day, papers: 0, added: 0, changed: 0, signals: 0, bad: [] }
  if (reply.outcome === 'not modified') {
    await db.update(sourceReads).set({ readAt }).where(thisRead)
    return { ...nothing, outcome: 'not modified' }
  }
  const { papers, bad, validators } = reply
  for (const { position, reason } of bad) log.warn({ source: source.name, day, position, reason }, 'entry left out')
  if (papers.length === 0 && bad.length > 0) {
    throw new PaperboyError(
      'SOURCE_UNAVAILABLE',
      `${source.name} listed ${bad.length} entries for ${day} and none of them could be read: the first ${bad[0]!.reason}.`,
    )
  }
  const stored = await db.transaction(async (tx) => {
    const done = await storeList({ db: tx }, papers, { observedAt: readAt, origin: source.name })
    const read = { readAt, ...validators, papers: done.papers }
    await tx
      .insert(sourceReads)
      .values({ source: source.name, listDay: day, ...read })
      .onConflictDoUpdate({ target: [sourceReads.source, sourceReads.listDay], set: read })
    return done
  })
  return { ...nothing, ...stored, bad, outcome: papers.length > 0 ? 'read' : 'empty' }
}
