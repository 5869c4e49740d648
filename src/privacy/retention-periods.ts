import { AUDIT_RETENTION_DAYS } from '../operate/audit.ts'
import { MESSAGE_DAYS } from '../operate/webhooks/messages.ts'
import type { Config } from '../runtime/config/config.ts'
import { UNCONFIRMED_DAYS } from '../subscription/unconfirmed.ts'

/**
 * Data about people and its retention in days; `undefined` means for as long as they are readers.
 * The privacy page and the table in docs/operations.md show the same periods. delete-expired.ts applies them.
 */
export interface RetentionPeriod {
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
    | 'webhooks'
    | 'auditLog'
    | 'suppression'
    | 'backups'
  days: number | undefined
  /** the variable that sets it */
  setting?: keyof Config
}

export const retentionPeriods = (config: Config): RetentionPeriod[] => [
  { what: 'reader', days: undefined },
  { what: 'unconfirmed', days: UNCONFIRMED_DAYS },
  { what: 'left', days: config.LEFT_READER_DAYS, setting: 'LEFT_READER_DAYS' },
  { what: 'deliveries', days: config.DELIVERY_DAYS, setting: 'DELIVERY_DAYS' },
  { what: 'serviceMails', days: config.SERVICE_MAIL_DAYS, setting: 'SERVICE_MAIL_DAYS' },
  { what: 'bounces', days: config.INBOUND_EVENT_DAYS, setting: 'INBOUND_EVENT_DAYS' },
  { what: 'bounceMails', days: config.INBOUND_RAW_DAYS, setting: 'INBOUND_RAW_DAYS' },
  { what: 'counts', days: 1 },
  { what: 'votes', days: undefined },
  { what: 'webhooks', days: MESSAGE_DAYS },
  { what: 'auditLog', days: AUDIT_RETENTION_DAYS },
  { what: 'suppression', days: undefined },
  { what: 'backups', days: config.BACKUP_DAYS, setting: 'BACKUP_DAYS' },
]
