import { parseArgs } from 'node:util'
import { sql } from 'drizzle-orm'
import { z } from 'zod'
import { type Repeats, readShownBefore } from '../../src/delivery/ledger/repeats.ts'
import { explainSelection, selectPositions } from '../../src/edition/select/select-papers.ts'
import { buildSelectionIndex, type SelectionIndex } from '../../src/edition/select/selection-index.ts'
import { NO_WISHES, type SelectionPreferences } from '../../src/edition/select/wishes.ts'
import type { Db } from '../../src/runtime/db/database.ts'
import { bigint, queryOne } from '../../src/runtime/db/query.ts'
import { referenceExplainSelection, referenceSelectPositions } from '../edition/select/reference-selection.ts'
import { inRounds, spread } from './support/rounds.ts'
import { openStage } from './support/stage.ts'
import { printTable } from './support/table.ts'

const help = `npm run bench -- memory [--readers N] [--days N] [--rounds N]

What it costs to remember what every reader was shown (deliveries.shown): bytes a reader and day, and microseconds to read a reader's
past of 35 days through (subscriber_id, edition_id), beside reading none, and to choose ten papers of 40 or of 120; beside it choosing
by sorting all that fits (test/edition/select/reference-selection.ts).`

const CANDIDATES = 40
const GROUP = 20
const GROUPS = 250
/** Selection reads deliveries.shown for as many days. */
const MEMORY_DAYS = 35
const COLUMNS = 'edition_id, subscriber_id, batch_id, state, expires_at, hand_overs, reply, handed_at, settled_at'

export async function bench(args: string[], stack: AsyncDisposableStack): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      readers: { type: 'string', default: '100000' },
      days: { type: 'string', default: '60' },
      rounds: { type: 'string', default: '5' },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) return console.log(help)
  const [readers, days] = [Number(values.readers), Number(values.days)]
  const { db } = (await openStage(stack)).services
  await fill(db, readers, days)
  await reportSize(db, readers * days)
  await reportTimes(db, { readers, days, rounds: Number(values.rounds) })
}

/** Adds a row per reader and day, like an accepted delivery, with ten of forty papers shown. */
async function fill(db: Db, readers: number, days: number): Promise<void> {
  for (let edition = 1; edition <= days; edition++) {
    await db.execute(sql`SELECT ensure_delivery_partition(${edition}::bigint)`)
    await db.execute(sql`
      INSERT INTO deliveries (${sql.raw(COLUMNS)}, shown, own)
      SELECT ${edition}, reader, reader / 250, 'accepted', now(), 1, '250 2.0.0 Ok: queued as 4XyZ123abc', now(), now(),
        decode(lpad(to_hex((reader * 7919 + ${edition} * 104729) % 1099511627776), 10, '0'), 'hex'), 2
      FROM generate_series(1, ${readers}::bigint) AS reader`)
  }
  await db.execute(sql`ANALYZE deliveries`)
}

/** Measures the size of the bitmap, by comparison with the same rows without it. */
async function reportSize(db: Db, rows: number): Promise<void> {
  const columns = sql.raw(COLUMNS)
  await db.execute(sql`CREATE TABLE without_memory WITH (fillfactor = 80) AS SELECT ${columns} FROM deliveries`)
  const Sizes = z.object({ ledger: bigint, without: bigint, lookup: bigint })
  const { ledger, without, lookup } = await queryOne(
    db,
    Sizes,
    sql`
    SELECT (SELECT sum(pg_relation_size(inhrelid)) FROM pg_inherits WHERE inhparent = 'deliveries'::regclass) AS ledger,
      pg_relation_size('without_memory') AS without,
      (SELECT sum(pg_relation_size(i.indexrelid)) FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
        WHERE i.indrelid IN (SELECT inhrelid FROM pg_inherits WHERE inhparent = 'deliveries'::regclass)
          AND c.relname LIKE '%subscriber_id_edition_id%') AS lookup`,
  )
  const each = (bytes: number) => (bytes / rows).toFixed(1)
  printTable([
    ['bytes per reader and day', ''],
    ['a row of the ledger', each(ledger)],
    ['of that, the bitmap', each(ledger - without)],
    ['the index to read it', each(lookup)],
  ])
}

async function reportTimes(db: Db, { readers, days, rounds }: { readers: number; days: number; rounds: number }) {
  // The worst case: every edition of the last 35 days shares every paper. Usually none does, and nothing is read.
  const shared = new Map(Array.from({ length: CANDIDATES }, (_, position) => [position, position]))
  const worst: Repeats = new Map(
    Array.from({ length: Math.min(MEMORY_DAYS, days) }, (_, back) => [days - back, shared] as const),
  )
  const few = madeUp(CANDIDATES)
  const many = madeUp(3 * CANDIDATES)
  const plain: SelectionPreferences = { ...NO_WISHES, size: 10, share: 0.4 }
  const wishing: SelectionPreferences = {
    ...plain,
    topics: ['topic-3', 'topic-7', 'topic-11'],
    keywords: ['sparse attention'],
  }
  const past = async (repeats: Repeats) => {
    for (let group = 0; group < GROUPS; group++) {
      const some = Array.from({ length: GROUP }, () => ({ subscriberId: 1 + Math.floor(Math.random() * readers) }))
      await readShownBefore(db, repeats, some)
    }
  }
  const chosen = (index: SelectionIndex, preferencesOf: (reader: number) => SelectionPreferences) => {
    for (let reader = 0; reader < GROUPS * GROUP; reader++) {
      const preferences = preferencesOf(reader)
      explainSelection(index, preferences, selectPositions(index, preferences))
    }
  }
  const chosenPlainly = (index: SelectionIndex) => {
    for (let reader = 0; reader < GROUPS * GROUP; reader++) {
      referenceExplainSelection(index, wishing, referenceSelectPositions(index, wishing))
    }
  }
  // A new index each time, so that no keyword is cached.
  const ownKeywords = () => {
    const index = madeUp(3 * CANDIDATES)
    return timed(() =>
      chosen(index, (reader) => ({
        ...wishing,
        keywords: [reader % 2 ? `word${reader}` : `sparse word${reader}`],
      })),
    )()
  }
  const timed = (run: () => Promise<void> | void) => async () => {
    const start = performance.now()
    await run()
    return performance.now() - start
  }
  const measured = await inRounds(rounds, {
    'past of 35 editions, all shared': timed(() => past(worst)),
    'past of 6 editions (a week after its days)': timed(() => past(new Map([...worst].slice(0, 6)))),
    'past where nothing is shared': timed(() => past(new Map())),
    'choosing of 40, without wishes': timed(() => chosen(few, () => plain)),
    'choosing of 40, three topics and a keyword': timed(() => chosen(few, () => wishing)),
    'the same by sorting': timed(() => chosenPlainly(few)),
    'choosing of 120, three topics and a keyword': timed(() => chosen(many, () => wishing)),
    'the same by sorting ': timed(() => chosenPlainly(many)),
    'choosing of 120, a keyword of one reader only': ownKeywords,
  })
  report(measured)
}

const madeUp = (count: number): SelectionIndex =>
  buildSelectionIndex(
    Array.from({ length: count }, (_, position) => ({
      section: position < 3 ? 'picks' : position >= count - 3 ? 'rising' : 'top',
      topics: [`topic-${position % 12}`],
      title: 'On the learning of representations',
      abstract: 'We show something about sparse attention. '.repeat(20),
      keywords: [],
    })),
  )

function report(measured: Record<string, number[]>): void {
  const rows = Object.entries(measured).map(([name, times]) => {
    const { median, least, most } = spread(times.map((ms) => (ms * 1000) / (GROUPS * GROUP)))
    return [name, median.toFixed(2), `${least.toFixed(2)} to ${most.toFixed(2)}`]
  })
  printTable([['µs a reader', 'median', 'spread'], ...rows])
}
