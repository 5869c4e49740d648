import type { FastifyReply } from 'fastify'
import type { Messages } from '../../messages/catalogue.ts'
import type { Services } from '../../runtime/services.ts'
import { localeAndCadenceOf } from '../../subscription/find-reader.ts'
import { setLocale } from '../kit/language.ts'

/**
 * Sets a page behind a personal link to the reader's own language, as their emails have it. The browser's stays for a reader who is gone.
 * @returns the page's messages
 */
export async function setOwnLanguage(
  services: Pick<Services, 'db'>,
  reply: FastifyReply,
  subscriberId: number,
): Promise<Messages> {
  const { locale } = await localeAndCadenceOf(services, subscriberId)
  return locale ? setLocale(reply, locale) : reply.locals!.t
}
