import type { Logger } from 'pino'
import type { TokenKeys } from '../mail/tokens.ts'
import type { Config } from './config/config.ts'
import type { Db } from './db/database.ts'
import type { Queues } from './queue.ts'
import type { RestoreMarkerStore } from './restore-marker.ts'

/** Reports whether the relays support addresses with non-ASCII letters before the @ (SMTPUTF8). */
export interface RelayAbility {
  carriesUtf8(): Promise<boolean>
}

export interface DomainSigns {
  /** belongs to a service of disposable addresses */
  disposable: boolean
  /** whether the DNS says that the domain receives mail; 'unknown' without a network */
  takesMail: 'yes' | 'no' | 'unknown'
}

/** Knowledge about receiving domains. These are hints, never a reason to refuse a reader: lists and name servers can be wrong. */
export interface MailDomains {
  signsOf(domain: string): Promise<DomainSigns>
}

/** The services of a process: opened once, passed in, closed in reverse order. */
export interface Services extends AsyncDisposable {
  config: Config
  db: Db
  queues: Queues
  keys: TokenKeys
  mailDomains: MailDomains
  relayAbility: RelayAbility
  log: Logger
  /** outside the database, for the restore guard */
  restoreMarkers: RestoreMarkerStore
  /** the database's time, see runtime/db/clock.ts */
  now: () => Date
}
