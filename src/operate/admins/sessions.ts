import { randomBytes } from 'node:crypto'
import { and, desc, eq, gt, inArray, isNull, or, sql } from 'drizzle-orm'
import { PaperboyError } from '../../lib/errors.ts'
import { parseAddress } from '../../mail/address.ts'
import { mintToken, verifyToken } from '../../mail/tokens.ts'
import { LINK_MINUTES, signInUrl } from '../../outbox/sign-in-content.ts'
import { adminSessions } from '../../runtime/db/schema.ts'
import type { Services } from '../../runtime/services.ts'
import { recordAudit } from '../audit.ts'

export const SESSION_HOURS = 12
/** Sign-in links per address within LINK_MINUTES, so that strangers cannot flood its mailbox. */
const MOST_LINKS = 5

/** A signed-in admin, from ADMIN_EMAILS. */
export interface Admin {
  sessionId: number
  address: string
}

type Deps = Pick<Services, 'db' | 'config' | 'keys' | 'now'>

const minutesBefore = (at: Date, minutes: number): Date => new Date(at.getTime() - minutes * 60_000)

/**
 * Requests a sign-in link, which a worker emails. For an address outside ADMIN_EMAILS, the same statement writes nothing. Neither
 * case waits for the disk, so that response times do not reveal the difference. A database crash may lose requests of its last
 * half second.
 * @throws PaperboyError BAD_ADDRESS for an invalid address
 */
export async function requestSignIn(
  { db, config, queues, now }: Pick<Services, 'db' | 'config' | 'queues' | 'now'>,
  typed: string,
): Promise<void> {
  const address = adminAddress(config, typed)
  const at = now()
  await db.execute(sql`
    WITH loosely AS MATERIALIZED (SELECT set_config('synchronous_commit', 'off', true)), asked AS (
      INSERT INTO admin_sessions (address, asked_at)
      SELECT ${address ?? ''}, ${at} FROM loosely WHERE ${address !== undefined}
        AND (SELECT count(*) FROM admin_sessions
             WHERE address = ${address ?? ''} AND asked_at > ${minutesBefore(at, LINK_MINUTES)}) < ${MOST_LINKS}
      RETURNING id
    )
    INSERT INTO outbox (kind, admin_session_id, due_at, message_key, created_at)
    SELECT 'sign-in', id, ${at}, ${randomBytes(16)}, ${at} FROM asked`)
  void queues.wake('send-service-emails', {})
}

/** Returns the address of ADMIN_EMAILS that is meant, as it is written there. @throws AddressError */
function adminAddress({ ADMIN_EMAILS }: Pick<Services['config'], 'ADMIN_EMAILS'>, typed: string): string | undefined {
  const { key } = parseAddress(typed, { utf8: true })
  return ADMIN_EMAILS.find((each) => parseAddress(each).key === key)
}

/** Returns the address of ADMIN_EMAILS that is meant. @throws AddressError | PaperboyError BAD_ADDRESS if it lists no such address */
export function requireAdmin(config: Pick<Services['config'], 'ADMIN_EMAILS'>, typed: string): string {
  const address = adminAddress(config, typed)
  if (address === undefined) throw new PaperboyError('BAD_ADDRESS', 'ADMIN_EMAILS does not list this address.')
  return address
}

/** Creates a sign-in link without an email, for the command line. @throws PaperboyError BAD_ADDRESS if ADMIN_EMAILS lacks it */
export async function createSignInLink({ db, config, keys, now }: Deps, typed: string): Promise<string> {
  const address = requireAdmin(config, typed)
  const at = now()
  const [session] = await db.insert(adminSessions).values({ address, askedAt: at }).returning({ id: adminSessions.id })
  return signInUrl({ config, keys }, session!.id, at)
}

/**
 * Checks that a link is still valid, for the page with the button. Changes nothing.
 * @throws PaperboyError TOKEN_UNKNOWN | TOKEN_EXPIRED, also if it was used or ADMIN_EMAILS no longer has its address
 */
export async function checkSignIn({ db, config, keys, now }: Deps, token: string): Promise<Admin> {
  const { subscriberId: sessionId, issuedAt } = verifyOwn(keys, 'sign-in', token)
  const [found] = await db
    .select({ address: adminSessions.address })
    .from(adminSessions)
    .where(
      and(
        eq(adminSessions.id, sessionId),
        isNull(adminSessions.begunAt),
        isNull(adminSessions.endedAt),
        isAdmin(config),
      ),
    )
  if (!found || issuedAt < minutesBefore(now(), LINK_MINUTES))
    throw new PaperboyError('TOKEN_EXPIRED', `This link worked once, for ${LINK_MINUTES} minutes. Request a new one.`)
  return { sessionId, address: found.address }
}

/** Redeems a sign-in link. @returns the session token for the cookie @throws PaperboyError as `checkSignIn` */
export async function signIn(deps: Deps, token: string): Promise<string> {
  const { keys, now } = deps
  const { sessionId, address } = await checkSignIn(deps, token)
  const at = now()
  await deps.db.transaction(async (tx) => {
    const { rowCount } = await tx
      .update(adminSessions)
      .set({ begunAt: at })
      .where(and(eq(adminSessions.id, sessionId), isNull(adminSessions.begunAt), isNull(adminSessions.endedAt)))
    if (rowCount === 0) throw new PaperboyError('TOKEN_EXPIRED', 'This link was just used. Request a new one.')
    await recordAudit(tx, at, { actor: address, action: 'signed in', target: '' })
  })
  return mintToken(keys, 'admin', sessionId, at)
}

/** Returns the admin of a session cookie. Undefined if it expired, was signed out, or ADMIN_EMAILS no longer has its address. */
export async function findAdmin({ db, config, keys, now }: Deps, cookie: string): Promise<Admin | undefined> {
  let sessionId: number
  try {
    sessionId = verifyOwn(keys, 'admin', cookie).subscriberId
  } catch (error) {
    if (error instanceof PaperboyError) return undefined
    throw error
  }
  const [found] = await db
    .select({ address: adminSessions.address })
    .from(adminSessions)
    .where(
      and(
        eq(adminSessions.id, sessionId),
        gt(adminSessions.begunAt, minutesBefore(now(), SESSION_HOURS * 60)),
        isNull(adminSessions.endedAt),
        isAdmin(config),
      ),
    )
  return found && { sessionId, address: found.address }
}

export async function signOut({ db, now }: Pick<Services, 'db' | 'now'>, { sessionId }: Admin): Promise<void> {
  await db.update(adminSessions).set({ endedAt: now() }).where(eq(adminSessions.id, sessionId))
}

/** A browser that is signed in, or a link that can still sign one in. */
export interface OpenSession {
  id: number
  address: string
  askedAt: Date
  /** null for a link that was not used yet */
  begunAt: Date | null
}

/** Lists open sessions and unused links, newest first. Those of addresses that ADMIN_EMAILS no longer has are over. */
export async function listOpenSessions({
  db,
  config,
  now,
}: Pick<Services, 'db' | 'config' | 'now'>): Promise<OpenSession[]> {
  const at = now()
  const { id, address, askedAt, begunAt } = adminSessions
  const begun = gt(begunAt, minutesBefore(at, SESSION_HOURS * 60))
  const unused = and(isNull(begunAt), gt(askedAt, minutesBefore(at, LINK_MINUTES)))
  return db
    .select({ id, address, askedAt, begunAt })
    .from(adminSessions)
    .where(and(isNull(adminSessions.endedAt), isAdmin(config), or(begun, unused)))
    .orderBy(desc(id))
}

/** Ends a session, or an unused link, at once. @returns its address @throws PaperboyError SESSION_NOT_FOUND when it is over */
export async function endSession({ db, now }: Pick<Services, 'db' | 'now'>, id: number): Promise<string> {
  const [ended] = await db
    .update(adminSessions)
    .set({ endedAt: now() })
    .where(and(eq(adminSessions.id, id), isNull(adminSessions.endedAt)))
    .returning({ address: adminSessions.address })
  if (!ended) throw new PaperboyError('SESSION_NOT_FOUND', 'This session is over already. Nothing was changed.')
  return ended.address
}

const isAdmin = ({ ADMIN_EMAILS }: Services['config']) => inArray(adminSessions.address, ADMIN_EMAILS)

/** Rejects tokens of an earlier SECRET_KEY: it may have been changed because it leaked. */
const verifyOwn = (keys: Services['keys'], purpose: 'sign-in' | 'admin', token: string) =>
  verifyToken({ current: keys.current, previous: [] }, purpose, token)
