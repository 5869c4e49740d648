import { setTimeout as delay } from 'node:timers/promises'
import { sql } from 'drizzle-orm'
import type { Fault, Ground } from './ground.ts'
import type { Answer, Step } from './recording-relay.ts'

/** Duration and number of faults: short in the tests, long in the benchmark. */
export interface Measures {
  kills: number
  /** workers that each kill ends at once; 1 by default */
  killedAtOnce?: number
  /** of a relay that is down, hangs, or refuses */
  troubleMs: number
}

/** reader-17@… is 17 */
const numberOf = (address: string): number => Number(/\d+/.exec(address)?.[0] ?? 0)

/** Of 100 readers, five get a 451, two a 550, and four a cut connection, each in another way. Only the 550s repeat. */
function shaky({ command, to, attempt }: Step): Answer {
  const share = numberOf(to) % 100
  if (command === 'RCPT' && share < 2) return '550 5.1.1 no such mailbox'
  if (attempt > 1) return undefined
  if (command === 'RCPT' && share < 7) return '451 4.3.0 try later'
  if (command === 'DATA' && share === 7) return 'cut in data'
  if (command === 'END' && share === 8) return 'take and cut'
  if (command === 'END' && share === 9) return 'cut'
  return undefined
}

/** Makes the relay misbehave for a while once a quarter of the emails is sent. */
const whileSending =
  (behave: (step: Step) => Answer, { troubleMs }: Measures) =>
  async ({ relay, taken }: Ground) => {
    await taken(0.25)
    relay.behave = behave
    await delay(troubleMs)
    relay.behave = () => undefined
  }

/** Every row of the reliability table. */
export const faults = (measures: Measures): Fault[] => [
  {
    name: `workers killed by SIGKILL, ${measures.kills} times`,
    async during({ kill, taken }) {
      for (let n = 1; n <= measures.kills; n++) {
        await taken(n / (measures.kills + 1))
        await kill(measures.killedAtOnce)
      }
    },
  },
  {
    name: 'relay: 5 % 451, 2 % 550, 1 % cut in the message, 2 % cut before the reply',
    before({ relay }) {
      relay.behave = shaky
    },
  },
  {
    name: 'relay greylists every reader',
    before({ relay }) {
      relay.behave = ({ command, attempt }) =>
        command === 'RCPT' && attempt === 1 ? '450 4.2.0 greylisted, try again' : undefined
    },
  },
  {
    name: 'relay answers 421 in storms',
    during: whileSending(
      ({ command }) => (command === 'MAIL' && Math.random() < 0.3 ? '421 4.3.2 too busy' : undefined),
      measures,
    ),
  },
  {
    name: 'relay hangs, then hangs up',
    async during({ relay, taken }) {
      await taken(0.25)
      relay.behave = () => 'silence'
      await delay(measures.troubleMs)
      relay.behave = () => undefined
      await relay.down()
      await relay.up()
    },
  },
  {
    name: 'relay refuses our login for a while',
    async during(ground) {
      await ground.taken(0.25)
      ground.relay.behave = ({ command }) => (command === 'AUTH' ? '535 5.7.8 no' : undefined)
      await ground.relay.down()
      await ground.relay.up()
      await delay(measures.troubleMs)
      ground.relay.behave = () => undefined
    },
  },
  {
    name: `relay down for ${measures.troubleMs / 1000} s`,
    async during({ relay, taken }) {
      await taken(0.25)
      await relay.down()
      await delay(measures.troubleMs)
      await relay.up()
    },
  },
  {
    name: 'queue flushed, five times',
    async during({ redis, taken }) {
      for (let n = 1; n <= 5; n++) {
        await taken(n * 0.15)
        await redis.command('FLUSHALL')
      }
    },
  },
  {
    name: 'Redis restarted, empty',
    async during({ redis, taken }) {
      await taken(0.25)
      await redis.restart()
    },
  },
  {
    name: 'PostgreSQL stopped at once and restarted',
    async during({ restartPostgres, taken }) {
      await taken(0.25)
      await restartPostgres()
    },
  },
  {
    name: 'writes refused with 53100 (disk full)',
    async during({ services: { db }, taken }) {
      await db.execute(sql`CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION 'No space left on device' USING ERRCODE = '53100'; END $$`)
      await taken(0.25)
      await db.execute(
        sql`CREATE TRIGGER full_disk BEFORE UPDATE ON deliveries FOR EACH ROW EXECUTE FUNCTION full_disk()`,
      )
      await delay(measures.troubleMs)
      await db.execute(sql`DROP TRIGGER full_disk ON deliveries`)
    },
  },
  {
    name: 'every tenth reader unsubscribes during sending',
    async during({ services: { db }, taken }) {
      await taken(0.25)
      await db.execute(
        sql`UPDATE subscribers SET status = 'unsubscribed', left_at = clock_timestamp() WHERE id % 10 = 0`,
      )
    },
    async after({ services: { db } }) {
      const { rows } = await db.execute<{ late: number; spared: number }>(sql`
        SELECT count(*) FILTER (WHERE d.state <> 'skipped' AND d.handed_at > s.left_at + interval '1 second')::int AS late,
          count(*) FILTER (WHERE d.state = 'skipped')::int AS spared
        FROM deliveries d JOIN subscribers s ON s.id = d.subscriber_id WHERE s.status = 'unsubscribed'`)
      const { late, spared } = rows[0]!
      return [
        ...(late > 0 ? [`${late} were sent after unsubscribing`] : []),
        ...(spared === 0 ? ['no reader was skipped'] : []),
      ]
    },
  },
]
