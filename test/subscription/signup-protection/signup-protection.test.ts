import { solveChallenge } from 'altcha-lib'
import { deriveKey } from 'altcha-lib/algorithms/pbkdf2'
import { sql } from 'drizzle-orm'
import { describe, expect } from 'vitest'
import type { Db } from '../../../src/runtime/db/database.ts'
import { bigint, queryColumn } from '../../../src/runtime/db/query.ts'
import { outbox, signUpCounts, subscribers } from '../../../src/runtime/db/schema.ts'
import type { Services } from '../../../src/runtime/services.ts'
import { askForManageLink, signUp } from '../../../src/subscription/sign-up.ts'
import { deleteOldCounts } from '../../../src/subscription/signup-protection/counts.ts'
import { makeChallenge, verifyProofOfWork } from '../../../src/subscription/signup-protection/proof-of-work.ts'
import { describeSignUps, reportSignUps } from '../../../src/subscription/signup-protection/report.ts'
import { test } from '../../support/database.ts'
import { makeProof } from '../../support/proof.ts'
import { addSubscriber, NOON, servicesOn } from '../../support/services.ts'

const MINUTE = 60_000
const LIMITS = { SIGN_UPS_PER_NETWORK: '30', SIGN_UPS_PER_DOMAIN: '40', SIGN_UPS_IN_ALL: '80' }
const ago = (ms: number, from = NOON) => new Date(from.getTime() - ms)
let nth = 0

interface How {
  origin?: string
  domain?: string
  proof?: string | undefined
  proven?: boolean
  trapped?: boolean
}
/** Signs a new address up; returns 'in' or 'later'. */
async function knock(
  services: Services,
  { origin, domain = 'example.org', proof, proven = true, trapped = false }: How = {},
) {
  const made = proof ?? (proven ? await makeProof(services.config.SECRET_KEY, ago(5_000, services.now())) : undefined)
  nth++
  return signUp(services, {
    typed: `r${nth}@${domain}`,
    origin: origin ?? `198.51.${nth >> 8}.${nth & 255}`,
    evidence: { proof: made, shownAt: made ? undefined : ago(5_000, services.now()), trapped },
  }).then(
    () => 'in',
    (error) => {
      expect(error).toMatchObject({ code: 'TOO_MANY_SIGN_UPS' })
      expect(error.retryAfterSeconds).toBeGreaterThan(0)
      expect(error.retryAfterSeconds).toBeLessThanOrEqual(600)
      return 'later'
    },
  )
}
async function knocks(services: Services, count: number, how: How = {}): Promise<number> {
  let taken = 0
  for (let n = 0; n < count; n++) if ((await knock(services, how)) === 'in') taken++
  return taken
}
const delays = async (db: Db) =>
  (await db.select().from(outbox).orderBy(outbox.id)).map(
    (mail) => (mail.dueAt.getTime() - mail.createdAt.getTime()) / 1000,
  )

describe('one network', () => {
  test('allows 30 sign-ups with proof of work in ten minutes, across processes', async ({ db }) => {
    const processes = [servicesOn(db, LIMITS), servicesOn(db, LIMITS)]
    const answers: string[] = []
    for (let n = 0; n < 32; n++) answers.push(await knock(processes[n % 2]!, { origin: `2001:db8:1:1::${n}` }))
    expect(answers.filter((answer) => answer === 'in')).toHaveLength(30)
    expect(await db.$count(subscribers)).toBe(30)
    expect(await knock(processes[0]!, { origin: '2001:db8:1:2::1' })).toBe('in')
    expect(await knock({ ...processes[0]!, now: () => ago(-10 * MINUTE) }, { origin: '2001:db8:1:1::1' })).toBe('in')
  })

  test('allows a third as many without it', async ({ db }) => {
    expect(await knocks(servicesOn(db, LIMITS), 15, { origin: '192.0.2.1', proven: false })).toBe(10)
  })

  test('also concurrently', async ({ db }) => {
    const services = servicesOn(db, LIMITS)
    const answers = await Promise.all(Array.from({ length: 40 }, () => knock(services, { origin: '192.0.2.1' })))
    expect(answers.filter((answer) => answer === 'in')).toHaveLength(30)
  })

  test('is stored as a readable address in no table', async ({ db }) => {
    await knock(servicesOn(db, LIMITS), { origin: '203.0.113.77' })
    expect(JSON.stringify(await db.select().from(signUpCounts))).not.toContain('203.0.113')
  })

  test('is counted by /64, /56 and /48: a customer with 65,536 networks is one', async ({ db }) => {
    const services = servicesOn(db, { ...LIMITS, SIGN_UPS_PER_NETWORK: '5' })
    const taken = async (origins: string[]) => {
      const answers: string[] = []
      for (const origin of origins) answers.push(await knock(services, { origin }))
      return answers.filter((answer) => answer === 'in').length
    }
    const each = (count: number, origin: (n: number) => string) => Array.from({ length: count }, (_, n) => origin(n))
    expect(await taken(each(12, (n) => `2001:db8:1:1${n.toString(16).padStart(2, '0')}::1`)), 'of one /56').toBe(10)
    expect(await taken(each(12, (n) => `2001:db8:1:${(n + 2).toString(16)}00::1`)), 'of one /48').toBe(10)
    expect(await taken(['2001:db8:2:1::1']), 'of the next /48').toBe(1)
  })

  test('is the same for every spelling of an IPv4 address', async ({ db }) => {
    const services = servicesOn(db, { ...LIMITS, SIGN_UPS_PER_NETWORK: '2' })
    const spellings = ['203.0.113.7', '::ffff:203.0.113.7', '::ffff:cb00:7107', '0:0:0:0:0:FFFF:CB00:7107']
    const answers: string[] = []
    for (const origin of spellings) answers.push(await knock(services, { origin }))
    expect(answers).toEqual(['in', 'in', 'later', 'later'])
    const origins = await db.selectDistinct({ origin: subscribers.consentOrigin }).from(subscribers)
    expect(origins).toHaveLength(1)
  })
})

describe('rows that a sign-up reads', () => {
  /** Returns how many counts the second of two sign-ups from a network reads, by the database's statistics of a transaction. */
  const readBySecond = (db: Db) =>
    db.transaction(async (tx) => {
      const services = servicesOn(tx, LIMITS)
      const read = async () =>
        (
          await queryColumn(tx, bigint)`
          SELECT seq_tup_read + idx_tup_fetch FROM pg_stat_xact_user_tables WHERE relname = 'sign_up_counts'`
        )[0]!
      expect(await knock(services, { origin: '2001:db8:1:1::1' })).toBe('in')
      const before = await read()
      expect(await knock(services, { origin: '2001:db8:1:1::1' })).toBe('in')
      return (await read()) - before
    })

  test('are none of other networks', async ({ db }) => {
    const own = await readBySecond(db)
    expect(own).toBeGreaterThan(0)
    await db.execute(sql`
      INSERT INTO sign_up_counts (scope, key, since, count) SELECT 'network', 'other ' || n, ${NOON}::timestamptz, 1 FROM generate_series(1, 500) n`)
    expect(await readBySecond(db)).toBeLessThanOrEqual(own + 5)
  })

  test('are not those of a whole day, unless the limit is near', async ({ db }) => {
    const own = await readBySecond(db)
    await db.execute(sql`
      INSERT INTO sign_up_counts (scope, key, since, count)
      SELECT scope, key, ${NOON}::timestamptz - make_interval(mins => 10 * n), 1
      FROM (VALUES ('all', ''), ('domain', 'example.org')) AS v (scope, key), generate_series(4, 140) n`)
    expect(await readBySecond(db)).toBeLessThanOrEqual(own + 5)
  })
})

describe('proof of work', () => {
  test('accepts a solved challenge; refuses a foreign, changed, old or invented one', async ({ db }) => {
    const services = servicesOn(db)
    const challenge = await makeChallenge(services, { surge: false })
    const solution = await solveChallenge({ challenge, deriveKey })
    expect(solution!.counter).toBeGreaterThanOrEqual(60)
    const proof = Buffer.from(JSON.stringify({ challenge, solution })).toString('base64')
    expect(verifyProofOfWork(services, proof)).toMatchObject({ issuedAt: NOON })
    const none = [
      undefined,
      '',
      'nonsense',
      Buffer.from('{}').toString('base64'),
      Buffer.from(JSON.stringify({ challenge, solution: { ...solution, derivedKey: '00'.repeat(32) } })).toString(
        'base64',
      ),
      await makeProof('another secret key of thirty-two bytes', ago(5_000)),
      await makeProof(services.config.SECRET_KEY, ago(-5_000)),
      await makeProof(services.config.SECRET_KEY, ago(121 * MINUTE)),
      await makeProof(services.config.SECRET_KEY, ago(5_000), ({ challenge: made, solution: answer }) => {
        const { parameters, ...rest } = made as { parameters: object }
        return { challenge: { ...rest, parameters: { ...parameters, nonce: 'ab'.repeat(16) } }, solution: answer }
      }),
    ]
    for (const text of none) expect(verifyProofOfWork(services, text)).toBeUndefined()
  })

  test('counts once', async ({ db }) => {
    const services = servicesOn(db, LIMITS)
    const proof = await makeProof(services.config.SECRET_KEY, ago(5_000))
    expect(await knocks(services, 15, { origin: '192.0.2.1', proof })).toBe(10) // 1 + 9 × 3 = 28
  })

  test('solved in less than two seconds is suspicious', async ({ db }) => {
    const services = servicesOn(db, LIMITS)
    let taken = 0
    for (let n = 0; n < 15; n++) {
      const proof = await makeProof(services.config.SECRET_KEY, ago(1_900))
      if ((await knock(services, { origin: '192.0.2.1', proof })) === 'in') taken++
    }
    expect(taken).toBe(10)
  })
})

test('filling the honeypot gets the same answer, and no email is sent', async ({ db }) => {
  const services = servicesOn(db, LIMITS)
  expect(await knock(services, { trapped: true })).toBe('in')
  expect([await db.$count(subscribers), await db.$count(outbox)]).toEqual([0, 0])
  expect(describeSignUps(await reportSignUps(services))).toBe('no surge; 1 caught by the trap today')
})

describe('signs of a domain', () => {
  for (const [name, signs] of [
    ['to throw addresses away', { disposable: true, takesMail: 'yes' }],
    ['without mail', { disposable: false, takesMail: 'no' }],
  ] as const) {
    test(`${name}: is accepted, and weighs three`, async ({ db }) => {
      const services = { ...servicesOn(db, LIMITS), mailDomains: { signsOf: async () => signs } }
      expect(await knocks(services, 15, { origin: '192.0.2.1' })).toBe(10)
      expect(await db.$count(outbox)).toBe(10)
    })
  }
})

describe('a surge', () => {
  test('for one domain: refuses suspicious sign-ups there only, slows emails down, shows in status, and ends by itself', async ({
    db,
  }) => {
    const clock = { now: NOON }
    const services = servicesOn(db, { ...LIMITS, SIGN_UPS_IN_ALL: '500' }, clock)
    expect(await knocks(services, 40, { domain: 'victim.example' })).toBe(40)
    expect(Math.max(...(await delays(db)))).toBe(0)
    expect((await reportSignUps(services)).surges).toEqual([])
    expect(await knocks(services, 20, { domain: 'victim.example' }), 'with proof of work').toBe(20)
    const spaced = (await delays(db)).slice(40)
    expect(spaced[0]).toBeCloseTo(15, 0) // 600 s / 40
    expect(spaced.at(-1)).toBeCloseTo(300, 0)
    expect(await knocks(services, 5, { domain: 'victim.example', proven: false })).toBe(0)
    expect(await knocks(services, 3, { domain: 'elsewhere.example', proven: false })).toBe(3)
    const report = await reportSignUps(services)
    expect(report.surges).toMatchObject([{ domain: 'victim.example', limit: 40 }])
    expect(describeSignUps(report)).toContain('victim.example')
    clock.now = ago(-20 * MINUTE)
    expect(await knock(services, { domain: 'victim.example', proven: false })).toBe('later')
    clock.now = ago(-45 * MINUTE)
    expect(await knock(services, { domain: 'victim.example', proven: false })).toBe('in')
    expect((await reportSignUps(services)).surges).toEqual([])
  })

  test('from many networks for many domains: refuses suspicious sign-ups everywhere', async ({ db }) => {
    const services = servicesOn(db, LIMITS)
    let taken = 0
    for (let n = 0; n < 40; n++)
      if ((await knock(services, { domain: `d${n}.example`, proven: false })) === 'in') taken++
    expect(taken).toBe(26) // 27 × 3 = 81 is more than 80
    expect(await knock(services, { domain: 'honest.example' })).toBe('in')
    expect(describeSignUps(await reportSignUps(services))).toBe('no surge; 14 rejected today')
  })

  test('of refused sign-ups neither closes a domain nor delays an email', async ({ db }) => {
    const clock = { now: NOON }
    const services = servicesOn(db, LIMITS, clock)
    for (let n = 0; n < 300; n++)
      await knock(services, { origin: `2001:db8:${n.toString(16)}::1`, domain: 'target.example', proven: false })
    expect(await db.$count(subscribers), '13 × 3 = 39 of 40').toBe(13)
    expect(await knock(services, { domain: 'target.example' }), 'with a proof of work').toBe('in')
    expect(Math.max(...(await delays(db)))).toBe(0)
    const { surges, refused } = await reportSignUps(services)
    expect([surges, refused]).toEqual([[], 287])
    clock.now = ago(-10 * MINUTE)
    expect(await knock(services, { domain: 'target.example', proven: false }), 'in the next ten minutes').toBe('in')
  })

  test('delays no email for more than ten minutes', async ({ db }) => {
    const services = servicesOn(db, { ...LIMITS, SIGN_UPS_PER_DOMAIN: '2', SIGN_UPS_IN_ALL: '1000' })
    await knocks(services, 30, { domain: 'victim.example' })
    await addSubscriber(db, 'ada@victim.example')
    const proof = await makeProof(services.config.SECRET_KEY, ago(5_000))
    await askForManageLink(services, {
      typed: 'ada@victim.example',
      origin: '192.0.2.1',
      evidence: { proof, shownAt: undefined, trapped: false },
    })
    expect(await delays(db)).toHaveLength(31)
    expect(Math.max(...(await delays(db)))).toBe(600)
  })

  test('by a network over its limit uses up no other limit', async ({ db }) => {
    const services = servicesOn(db, { ...LIMITS, SIGN_UPS_PER_NETWORK: '5' })
    expect(await knocks(services, 60, { origin: '192.0.2.1', domain: 'target.example' })).toBe(5)
    const counts = await db.select().from(signUpCounts)
    const of = (scope: string) => counts.filter((row) => row.scope === scope).map(({ count }) => count)
    expect([of('network'), of('domain'), of('all'), of('refused')]).toEqual([[5], [5], [5], [55]])
  })

  test('does not count sign-ups that fill the honeypot', async ({ db }) => {
    const services = servicesOn(db, LIMITS)
    expect(await knocks(services, 20, { trapped: true })).toBe(20)
    expect((await db.select().from(signUpCounts)).filter(({ scope }) => scope === 'domain')).toEqual([])
  })

  test('starts at five times the mean of the day before', async ({ db }) => {
    const services = servicesOn(db, LIMITS)
    for (let window = 6; window < 140; window++) {
      await db
        .insert(signUpCounts)
        .values({ scope: 'domain', key: 'big.example', since: ago(window * 10 * MINUTE), count: 12 })
    }
    expect(await knocks(services, 50, { domain: 'big.example' })).toBe(50)
    expect(Math.max(...(await delays(db)))).toBe(0)
    expect(await knock(services, { domain: 'big.example', proven: false })).toBe('in')
  })

  test('makes challenges harder', async ({ db }) => {
    const challenge = await makeChallenge(servicesOn(db), { surge: true })
    const solution = await solveChallenge({ challenge, deriveKey })
    expect(solution!.counter).toBeGreaterThanOrEqual(240)
  })
})

test('counts are deleted after a day', async ({ db }) => {
  const services = servicesOn(db, LIMITS)
  await knock(services)
  await deleteOldCounts(db, ago(-24 * 60 * MINUTE))
  expect(await db.$count(signUpCounts)).toBe(4)
  await deleteOldCounts(db, ago(-26 * 60 * MINUTE))
  expect(await db.$count(signUpCounts)).toBe(0)
})

test('counting never waits for the disk', async ({ db }) => {
  const { rows } = await db.execute(sql`SELECT relpersistence FROM pg_class WHERE relname = 'sign_up_counts'`)
  expect(rows).toEqual([{ relpersistence: 'u' }])
})
