import type { KeyObject } from 'node:crypto'
import { formatMailDate } from '../../mail/headers.ts'
import { messageIdOf } from '../../mail/message-id.ts'
import { unsubscribeMailto } from '../../mail/own-addresses.ts'
import { mintToken } from '../../mail/tokens.ts'
import type { Services } from '../../runtime/services.ts'
import type { ReaderContent } from './digest.ts'
import type { ShownPaper } from './placeholders.ts'

/**
 * Composes the content that only one reader's digest has: their links, with tokens minted now, and the headers that name them.
 *
 * @param messageKey the edition's; for many readers pass a KeyObject (see `createMessageId`)
 */
export function composeReaderContent(
  { config, keys }: Pick<Services, 'config' | 'keys'>,
  messageKey: Buffer | KeyObject,
  { subscriberId, email, format }: { subscriberId: number; email: string; format: 'html' | 'text' },
  shown: readonly ShownPaper[],
  at: Date,
): ReaderContent {
  const unsubscribeToken = mintToken(keys, 'unsubscribe', subscriberId, at)
  return {
    unsubscribeToken,
    preferencesToken: mintToken(keys, 'preferences', subscriberId, at),
    voteToken: mintToken(keys, 'vote', subscriberId, at),
    format,
    shown,
    headers:
      // The message buffer writes one byte per character, so UTF-8 in an address becomes one character per byte.
      `To: <${Buffer.from(email).toString('latin1')}>\r\n` +
      `Message-ID: ${messageIdOf(config, messageKey, subscriberId)}\r\n` +
      `Date: ${formatMailDate(at)}\r\n` +
      `List-Unsubscribe: <${config.PUBLIC_URL}/unsubscribe/${unsubscribeToken}>,\r\n <${unsubscribeMailto(config, unsubscribeToken)}>\r\n` +
      'List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n',
  }
}
