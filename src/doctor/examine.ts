import { Resolver } from 'node:dns/promises'
import type { Config } from '../config.ts'
import { openServices } from '../services.ts'
import { examineDatabase } from './database.ts'
import type { Diagnosis } from './diagnosis.ts'
import { examineQueue } from './queue.ts'
import { examineRelays } from './relays.ts'
import { type Dns, examineSender } from './sender.ts'
import { examineService } from './service.ts'
import { examineSite, type Fetch } from './site.ts'

/**
 * Looks at everything that mail hangs on, and changes nothing. Never rejects for what it finds: what cannot be used is a finding.
 *
 * @param ask for tests: the name service and the web
 */
export async function examine(config: Config, ask: { dns?: Dns; fetch?: Fetch } = {}): Promise<Diagnosis[]> {
  const dns = ask.dns ?? new Resolver({ timeout: 3_000, tries: 2 })
  const elsewhere = Promise.all([
    examineRelays(config),
    examineSender(config, dns),
    examineSite(config, ask.fetch),
    examineQueue(config.REDIS_URL),
  ])
  const database = await examineDatabase(config.DATABASE_URL)
  const service = database.some(({ state }) => state === 'wrong') ? [] : await examineOpened(config)
  return [...database, ...service, ...(await elsewhere).flat()]
}

async function examineOpened(config: Config): Promise<Diagnosis[]> {
  await using services = await openServices({ ...config, LOG_LEVEL: 'silent' })
  return await examineService(services)
}
