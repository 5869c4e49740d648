import { setTimeout as delay } from 'node:timers/promises'
import { fastify } from 'fastify'
import { pino } from 'pino'
import { buildApp } from '../../src/app.ts'
import { openTemporaryDatabase } from '../../src/embedded/temporary-database.ts'
import { readEnvironment } from '../../src/runtime/config/config.ts'
import { migrate } from '../../src/runtime/db/database.ts'
import { outbox, subscribers } from '../../src/runtime/db/schema.ts'
import { openServices } from '../../src/runtime/open-services.ts'
import type { Services } from '../../src/runtime/services.ts'
import { makeProof } from '../support/proof.ts'
import { addPapers, addSubscriber, lostQueues } from '../support/services.ts'
import { cpuClock } from './support/cpu.ts'
import { load } from './support/load.ts'
import { inRounds, spread } from './support/rounds.ts'
import { printTable } from './support/table.ts'

const ROUNDS = 5
const SECONDS = 3
/** Number of proofs of work to make in advance. Each serves one form; further forms have none. */
const PROOFS = 32_000

const RATE = 300

const BUSY_MS = 200

/** `npm run bench -- http [page | sign-up]`: loads sign-up and the front page, or one of them, on loopback with raised rate limits. */
export async function bench([only]: string[], stack: AsyncDisposableStack): Promise<void> {
  const services = await open(stack)
  const url = await listen(stack, buildApp(services))
  await addPapers(services.db, services.now().toISOString().slice(0, 10), 30)
  if (only === 'page') return await frontPage(stack, url)
  console.log(`making ${PROOFS.toLocaleString('en')} proofs of work`)
  const issued = new Date(Date.now() - 60_000)
  const proofs = await Promise.all(Array.from({ length: PROOFS }, () => makeProof(services.config.SECRET_KEY, issued)))
  await signUpAtARate(url, proofs)
  await signUpFlatOut(services, url, proofs)
  if (only === 'sign-up') return
  await timeByStatus(services, url)
  await frontPage(stack, url)
}

async function open(stack: AsyncDisposableStack): Promise<Services> {
  const { url } = await openTemporaryDatabase(stack)
  await migrate(url)
  const raised = Object.fromEntries(
    ['SIGN_UPS_PER_NETWORK', 'SIGN_UPS_PER_DOMAIN', 'SIGN_UPS_IN_ALL'].map((name) => [name, '1000000']),
  )
  const config = readEnvironment({
    DATABASE_URL: url,
    SMTP_URL: 'smtp://127.0.0.1:1',
    PUBLIC_URL: 'http://127.0.0.1',
    MAIL_FROM: 'papers@paperboy.example',
    POSTAL_ADDRESS: '1 Press Street, Inkwell',
    SECRET_KEY: 'k'.repeat(40),
    SUPPRESSION_KEY: 's'.repeat(40),
    // Each form comes from a network of its own.
    TRUST_PROXY: 'loopback',
    ...raised,
  })
  const services = stack.use(await openServices(config as Services['config']))
  // No worker runs, and waking one is not part of the measurement.
  return { ...services, queues: lostQueues, log: pino({ level: 'silent' }) }
}

async function listen(stack: AsyncDisposableStack, app: { listen(to: object): Promise<string>; close(): unknown }) {
  stack.defer(async () => void (await app.close()))
  return app.listen({ host: '127.0.0.1', port: 0 })
}

let nth = 0
const form = (proof: string | undefined, email = `reader-${nth++}@example.org`): string =>
  new URLSearchParams({ email, zone: 'Europe/Berlin', proof: proof ?? '', comment: '' }).toString()

const postForms = (url: string, proofs: string[], count: number, pace: { rate?: number; bursts?: boolean } = {}) =>
  load({
    url: `${url}/subscribe`,
    connections: 20,
    seconds: SECONDS,
    forms: proofs.splice(-count).map((proof) => form(proof)),
    ...pace,
  })

async function signUpAtARate(url: string, proofs: string[]): Promise<void> {
  const rows: (string | number)[][] = [
    [`POST /subscribe at ${RATE}/s`, 'p50 ms', 'p97.5 ms', 'p99 ms', 'answers', 'not 303'],
  ]
  const count = RATE * (SECONDS + 1)
  // Warm up: a new server still compiles its code.
  await postForms(url, proofs, count, { rate: RATE })
  for (let round = 1; round <= ROUNDS; round++) {
    for (const bursts of [false, true]) {
      const { p50, p97_5, p99, answers, redirects } = await postForms(url, proofs, count, { rate: RATE, bursts })
      const name = `round ${round}, ${bursts ? '20 at once, each second' : 'evenly'}`
      rows.push([name, ...[p50, p97_5, p99].map((ms) => ms.toFixed(1)), answers, answers - redirects])
    }
  }
  printTable(rows)
}

/** Measures the bare inserts on the same pool: a subscriber and an outbox row, in one transaction. */
async function signUpFlatOut({ db }: Services, url: string, proofs: string[]): Promise<void> {
  const bare = async () => {
    const begun = performance.now()
    const end = begun + SECONDS * 1000
    let done = 0
    const insert = async () => {
      while (performance.now() < end) {
        const email = `bare-${nth++}@example.org`
        await db.transaction(async (tx) => {
          const [row] = await tx
            .insert(subscribers)
            .values({ email, emailKey: email })
            .returning({ id: subscribers.id })
          await tx.insert(outbox).values({ kind: 'confirm', subscriberId: row!.id, messageKey: Buffer.alloc(16) })
        })
        done++
      }
    }
    await Promise.all(Array.from({ length: 20 }, insert))
    return { answers: done, rate: (done * 1000) / (performance.now() - begun) }
  }
  const signUps = async () => {
    const posted = await postForms(url, proofs, 4 * RATE * SECONDS)
    if (posted.redirects < posted.answers) throw new Error('Some sign-ups were refused.')
    return posted
  }
  const measure = async (run: () => Promise<{ answers: number; rate: number }>) => {
    const cpu = await cpuClock(db)
    const before = cpu()
    const { answers, rate } = await run()
    return { rate, cpu: (cpu() - before) / answers }
  }
  const rounds = await inRounds(ROUNDS, {
    bare: () => measure(bare),
    signUp: () => measure(signUps),
  })
  const rowOf = (name: string, values: number[], digits = 0) => {
    const { median, least, most } = spread(values)
    return [name, ...[median, least, most].map((value) => value.toFixed(digits))]
  }
  const each = (name: string, of: 'rate' | 'cpu') => rounds[name]!.map((round) => round[of])
  printTable([
    ['top rate', 'median', 'least', 'most'],
    rowOf('bare inserts a second', each('bare', 'rate')),
    rowOf('sign-ups a second', each('signUp', 'rate')),
    rowOf(
      'ratio, aim .60',
      each('signUp', 'rate').map((rate, round) => rate / each('bare', 'rate')[round]!),
      2,
    ),
    rowOf('CPU ms of a bare insert, with PostgreSQL', each('bare', 'cpu'), 2),
    rowOf('CPU ms of a sign-up, with PostgreSQL', each('signUp', 'cpu'), 2),
  ])
}

const STATUSES = ['new', 'pending', 'active', 'suppressed', 'unsubscribed'] as const

/** Measures one request at a time, alternating, as an attacker could. */
async function timeByStatus({ db, config }: Services, url: string): Promise<void> {
  const { addressHash } = await import('../../src/mail/address.ts')
  const { suppressions } = await import('../../src/runtime/db/schema.ts')
  const each = 200
  for (const status of STATUSES.slice(1)) {
    for (let n = 0; n < each; n++) {
      const email = `${status}-${n}@example.net`
      if (status === 'suppressed') {
        const hash = addressHash(config.SUPPRESSION_KEY, email)
        await db.insert(suppressions).values({ addressHash: hash, reason: 'complaint' })
        await addSubscriber(db, email, { status: 'complained', addressHash: hash })
      } else await addSubscriber(db, email, { status: status as 'pending' })
    }
  }
  const times = Object.fromEntries(STATUSES.map((status) => [status, [] as number[]]))
  for (let n = 0; n < each; n++) {
    for (const status of STATUSES) {
      const body = form(undefined, `${status}-${n}@example.net`)
      const begun = performance.now()
      const reply = await fetch(`${url}/subscribe`, {
        method: 'POST',
        redirect: 'manual',
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        body,
      })
      await reply.arrayBuffer()
      times[status]!.push(performance.now() - begun)
    }
  }
  printTable([
    ['sign-up of an address that is', 'median ms', 'p10', 'p90'],
    ...STATUSES.map((status) => {
      const sorted = times[status]!.toSorted((a, b) => a - b)
      return [status, ...[0.5, 0.1, 0.9].map((part) => sorted[Math.floor(part * each)]!.toFixed(2))]
    }),
  ])
}

async function frontPage(stack: AsyncDisposableStack, url: string): Promise<void> {
  // Bytes, as a cached page is kept: encoding a string for each answer would make the bare route slow.
  const page = Buffer.from(await textOf(url))
  const bareApp = fastify()
  bareApp.get('/', (_request, reply) => reply.type('text/html; charset=utf-8').send(page))
  const bareUrl = await listen(stack, bareApp)
  const measure = async (target: string) => {
    const before = process.cpuUsage()
    const { rate, answers } = await load({ url: target, connections: 20, seconds: SECONDS })
    const { user, system } = process.cpuUsage(before)
    return { rate, cpu: (user + system) / 1000 / answers }
  }
  const rounds = await inRounds(ROUNDS, { bare: () => measure(bareUrl), page: () => measure(url) })
  const rowOf = (name: string, ratio: (round: number) => number) => {
    const { median, least, most } = spread(Array.from({ length: ROUNDS }, (_, round) => ratio(round)))
    return [name, median.toFixed(2), least.toFixed(2), most.toFixed(2)]
  }
  const { bare, page: own } = rounds as Record<'bare' | 'page', { rate: number; cpu: number }[]>
  printTable([
    [`GET / (${Math.round(page.length / 1024)} KB) to the same bytes from a bare route`, 'median', 'least', 'most'],
    rowOf('answers a second, aim .80', (round) => own[round]!.rate / bare[round]!.rate),
    rowOf('answers per CPU second', (round) => bare[round]!.cpu / own[round]!.cpu),
  ])
}

/** A busy machine makes the app refuse requests. */
async function textOf(url: string): Promise<string> {
  for (;;) {
    const reply = await fetch(url)
    if (reply.status === 200) return reply.text()
    await delay(BUSY_MS)
  }
}
