import type { Logger } from 'pino'
import type { TokenKeys } from '../mail/tokens.ts'
import type { Config } from './config/config.ts'
import type { Db } from './db/database.ts'
import type { Queues } from './queue.ts'
import type { RestoreMarker } from './restore-marker.ts'

/** Whether the relays carry addresses with letters beyond ASCII before the @. */
export interface RelayAbility {
  carriesUtf8(): Promise<boolean>
}

export interface DomainSigns {
  /** of a service of addresses to throw away */
  disposable: boolean
  /** whether mail can be received there at all, as far as the name service says; 'unknown' without a network */
  takesMail: 'yes' | 'no' | 'unknown'
}

/** What is known of receiving domains. Signs only: nobody is refused for them, since lists and name servers are wrong at times. */
export interface MailDomains {
  signsOf(domain: string): Promise<DomainSigns>
}

/** What both processes work with: opened once, passed in, closed in reverse. */
export interface Services extends AsyncDisposable {
  config: Config
  db: Db
  queues: Queues
  keys: TokenKeys
  mailDomains: MailDomains
  relayAbility: RelayAbility
  log: Logger
  /** state outside the database, for the restore guard */
  restoreMarker: RestoreMarker
  /** the database's time, see runtime/db/clock.ts */
  now: () => Date
}
