/**
 * A separate process for tests that kill it, race it or run it as another user: `starter.ts start|lock DATA_DIR`.
 * It prints one line of JSON when it has the server or the lock, or when it fails. On "stop" on its input or Ctrl-C, it checks that
 * the server still answers, then releases everything.
 */
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import pg from 'pg'
import { acquireDataDirLock } from '../../src/embedded/lock.ts'
import { startEmbeddedPostgres } from '../../src/embedded/postgres.ts'

const [, , what, dataDir = ''] = process.argv
const print = (line: object) => console.log(JSON.stringify(line))
const asked = Promise.race([once(process, 'SIGINT'), once(createInterface(process.stdin), 'line')])

try {
  if (what === 'lock') {
    const lock = await acquireDataDirLock(dataDir)
    print({ locked: true })
    await asked
    lock.release()
  } else {
    const postgres = await startEmbeddedPostgres({ dataDir, print: (line) => print({ progress: line }) })
    print({ url: postgres.url, startedHere: postgres.startedHere, notes: postgres.notes })
    await asked
    const client = new pg.Client({ connectionString: postgres.url })
    await client.connect()
    await client.query('SELECT 1').finally(() => client.end())
    print({ answered: true })
    await postgres.stop()
  }
  print({ done: true })
  process.exit(0)
} catch (error) {
  print({ failed: String(error) })
  process.exit(1)
}
