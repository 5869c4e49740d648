import { createHmac, type KeyObject } from 'node:crypto'
import { domainOf, type Mailbox } from './mailbox.ts'

/**
 * Returns the left part of a Message-ID: the same for every attempt, and impossible for another reader to guess.
 *
 * @param messageKey the secret of the edition or the service email. For many messages pass a KeyObject: a Buffer takes six times as long
 * @param id of the subscriber, or of the service email
 */
export const createMessageId = (messageKey: Buffer | KeyObject, id: number): string =>
  createHmac('sha256', messageKey).update(`message ${id}`).digest('hex').slice(0, 32)

/** Returns the whole Message-ID, as its header has it. @param id as of `createMessageId` */
export const messageIdOf = (
  { MAIL_FROM }: { MAIL_FROM: Mailbox },
  messageKey: Buffer | KeyObject,
  id: number,
): string => `<${createMessageId(messageKey, id)}@${domainOf(MAIL_FROM)}>`
