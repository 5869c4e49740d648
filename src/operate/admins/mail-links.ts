import { sql } from 'drizzle-orm'
import { NOT_HALTED } from '../../delivery/ledger/conditions.ts'
import { addressOf, mailDate } from '../../delivery/send/edition-renderer.ts'
import { domainOf } from '../../edition/compose/headers.ts'
import { messagesIn } from '../../messages/catalogue.ts'
import { composer } from '../../outbox/composer.ts'
import { serviceBodies } from '../../outbox/service-bodies.ts'
import type { Relay } from '../../relay/relay.ts'
import type { Services } from '../../runtime/services.ts'
import { LINK_MINUTES, signInUrl } from './sessions.ts'

type Deps = Pick<Services, 'db' | 'config' | 'keys' | 'now' | 'log'> & { relay: Relay }

/**
 * Mails the links that were asked for. Each is marked before it is handed over, and handed over again only when the relay said that it
 * does not have it: a crash loses one rather than repeats it, and whoever gets none asks again.
 */
export async function mailSignInLinks(deps: Deps, stop: AbortSignal): Promise<void> {
  const { db, config, now, relay, log } = deps
  while (!stop.aborted) {
    const { rows } = await db.execute<{ id: string; address: string }>(sql`
      UPDATE admin_sessions SET handed_at = ${now()}
      WHERE id = (
        SELECT id FROM admin_sessions
        WHERE handed_at IS NULL AND asked_at > ${now()}::timestamptz - make_interval(mins => ${LINK_MINUTES}) AND ${NOT_HALTED}
        ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED)
      RETURNING id, address`)
    if (!rows[0]) return
    const { id, address } = rows[0]
    const message = await composeLink(deps, Number(id), address)
    const { state } = await relay.send({ from: addressOf(config.MAIL_FROM), to: address }, message, stop)
    log.info({ adminSessionId: Number(id), outcome: state }, 'sign-in link sent')
    if (state !== 'deferred' && state !== 'queued') continue
    await db.execute(sql`UPDATE admin_sessions SET handed_at = NULL WHERE id = ${id}`)
    return
  }
}

async function composeLink({ config, keys, now }: Deps, sessionId: number, address: string): Promise<Buffer> {
  const at = now()
  const words = {
    t: messagesIn('en'),
    subject: 'Sign in to Paperboy',
    heading: 'Sign in',
    lead: 'This link signs your browser in to the pages of the curator and the operator.',
    moment: undefined,
    button: 'Sign in',
    url: signInUrl({ config, keys }, sessionId, at),
    after: [
      `The link works once, for ${LINK_MINUTES} minutes.`,
      'Didn’t ask for it? Ignore this email. The link is needed to sign in.',
    ],
    links: [],
    why: `You got this email because your address is in ADMIN_EMAILS at ${new URL(config.PUBLIC_URL).host}.`,
  }
  const { html, text } = await serviceBodies(words, config.POSTAL_ADDRESS)
  const { message } = await composer.sendMail({
    from: config.MAIL_FROM,
    to: { name: '', address },
    subject: words.subject,
    messageId: `<sign-in-${sessionId}-${at.getTime()}@${domainOf(config.MAIL_FROM)}>`,
    date: mailDate(at),
    html,
    text,
    textEncoding: 'quoted-printable',
    headers: { 'Auto-Submitted': 'auto-generated' },
  })
  return message as Buffer
}
