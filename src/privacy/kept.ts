import { AUDIT_RETENTION_DAYS } from '../operate/audit.ts'
import type { Config } from '../runtime/config/config.ts'
import { FORGOTTEN_AFTER_DAYS } from '../subscription/unconfirmed.ts'

/**
 * What is kept about people and for how long, in days; `undefined` is for as long as they are readers. The privacy page and the
 * README's table say the same, and forget.ts does it.
 */
export interface Kept {
  what:
    | 'reader'
    | 'unconfirmed'
    | 'left'
    | 'deliveries'
    | 'serviceMails'
    | 'bounces'
    | 'bounceMails'
    | 'counts'
    | 'votes'
    | 'auditLog'
    | 'suppression'
    | 'backups'
  days: number | undefined
  /** the variable that sets it */
  setting?: keyof Config
}

export const whatIsKept = (config: Config): Kept[] => [
  { what: 'reader', days: undefined },
  { what: 'unconfirmed', days: FORGOTTEN_AFTER_DAYS },
  { what: 'left', days: config.LEFT_READER_DAYS, setting: 'LEFT_READER_DAYS' },
  { what: 'deliveries', days: config.DELIVERY_DAYS, setting: 'DELIVERY_DAYS' },
  { what: 'serviceMails', days: config.SERVICE_MAIL_DAYS, setting: 'SERVICE_MAIL_DAYS' },
  { what: 'bounces', days: config.INBOUND_EVENT_DAYS, setting: 'INBOUND_EVENT_DAYS' },
  { what: 'bounceMails', days: config.INBOUND_RAW_DAYS, setting: 'INBOUND_RAW_DAYS' },
  { what: 'counts', days: 1 },
  { what: 'votes', days: undefined },
  { what: 'auditLog', days: AUDIT_RETENTION_DAYS },
  { what: 'suppression', days: undefined },
  { what: 'backups', days: config.BACKUP_DAYS, setting: 'BACKUP_DAYS' },
]
