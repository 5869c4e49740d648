import { readFileSync } from 'node:fs'
import { afterEach, describe, expect } from 'vitest'
import { assemble } from '../src/edition/draft/assemble.ts'
import { choosePort } from '../src/embedded/port.ts'
import { countWorkers } from '../src/runtime/worker-presence.ts'
import { test } from './support/database.ts'
import { productionEnv, type Started, start, until } from './support/processes.ts'
import { deliveryStates } from './support/sending.ts'
import { addPapers, addReaders, servicesOn } from './support/services.ts'
import { openSink } from './support/sink.ts'

const READERS = 1000

const stack: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of stack.splice(0).reverse()) await close()
})

const isRunning = (pid: number): boolean => {
  try {
    // A process that has ended but was not waited for is a zombie.
    return !readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ')
  } catch {
    return false
  }
}
const childrenOf = ({ child: { pid } }: Started): number[] =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number)

async function startWorkers(databaseUrl: string, smtpUrl: string, settings: Record<string, string> = {}) {
  const env = productionEnv(databaseUrl, smtpUrl, { ...settings })
  const worker = start('workers/main.ts', ['--processes', '2'], env)
  stack.push(async () => {
    for (const pid of isRunning(worker.child.pid!) ? childrenOf(worker) : []) process.kill(pid, 'SIGKILL')
    await worker.end('SIGKILL')
  })
  return { worker, env }
}

describe('worker --processes 2', { timeout: 120_000 }, () => {
  test('both processes send, a killed one is replaced, and one signal stops all', async ({ db, databaseUrl }) => {
    const sink = await openSink({ data: async () => void (await new Promise((done) => setTimeout(done, 5))) })
    stack.push(() => sink.close())
    const port = String(await choosePort(undefined))
    const { worker, env } = await startWorkers(databaseUrl, sink.url, {
      WORKER_METRICS_PORT: port,
      METRICS_TOKEN: 'a-token-for-metrics',
    })
    await expect.poll(() => countWorkers(db), { timeout: 30_000 }).toBe(2)

    const metrics = `http://127.0.0.1:${port}/metrics`
    expect((await fetch(metrics)).status).toBe(401)
    const measured = await (await fetch(metrics, { headers: { authorization: 'Bearer a-token-for-metrics' } })).text()
    expect(measured).toMatch(/^nodejs_eventloop_lag_max_seconds \d/m)
    // Two of Node's processes have more than one's memory.
    expect(Number(/^process_resident_memory_bytes (\S+)/m.exec(measured)![1])).toBeGreaterThan(120e6)

    await addReaders(db, READERS)
    await addPapers(db, '2026-04-14', 12)
    await assemble(servicesOn(db), { date: '2026-04-14' })
    const command = start('src/cli/main.ts', ['edition', 'send', '--date', '2026-04-14', '--now'], env)
    stack.push(() => command.end('SIGKILL'))
    await expect.poll(() => sink.taken.length, { timeout: 30_000, interval: 5 }).toBeGreaterThan(100)
    const [killed, other] = childrenOf(worker)
    process.kill(killed!, 'SIGKILL')
    await until(worker, 'A new one starts')
    await expect.poll(() => deliveryStates(db), { timeout: 90_000, interval: 200 }).toEqual({ accepted: READERS })
    await expect.poll(() => countWorkers(db), { timeout: 30_000 }).toBe(2)
    const running = childrenOf(worker)
    expect(running).toContain(other)
    expect(running).not.toContain(killed)

    expect(await worker.end('SIGTERM')).toBe(0)
    expect(running.filter(isRunning)).toEqual([])
    expect(await countWorkers(db)).toBe(0)
  })

  test('workers stop when the process that started them is killed', async ({ db, databaseUrl }) => {
    const sink = await openSink()
    stack.push(() => sink.close())
    const { worker } = await startWorkers(databaseUrl, sink.url)
    await expect.poll(() => countWorkers(db), { timeout: 30_000 }).toBe(2)
    const running = childrenOf(worker)
    expect(running).toHaveLength(2)
    await worker.end('SIGKILL')
    await expect.poll(() => running.filter(isRunning), { timeout: 20_000 }).toEqual([])
    expect(await countWorkers(db)).toBe(0)
  })

  test('a wrong setting ends the service with its message', async ({ databaseUrl }) => {
    const { worker } = await startWorkers(databaseUrl, 'smtp://localhost', { SMTP_CONNECTIONS: 'many' })
    await expect.poll(() => worker.child.exitCode, { timeout: 30_000 }).toBe(1)
    expect(worker.output()).toContain('SMTP_CONNECTIONS')
  })

  test('a worker that never gets ready ends the service, instead of starting again forever', async ({
    databaseUrl,
  }) => {
    const absent = new URL(databaseUrl)
    absent.pathname = '/no-such-database'
    const { worker } = await startWorkers(absent.href, 'smtp://localhost')
    await expect.poll(() => worker.child.exitCode, { timeout: 30_000 }).toBe(1)
    expect(worker.output()).toContain('no-such-database')
    expect(worker.output()).not.toContain('A new one starts')
  })

  test.each([['0'], ['two'], ['-1']])('--processes %s is refused', async (count) => {
    const worker = start('workers/main.ts', [`--processes=${count}`], {})
    await expect.poll(() => worker.child.exitCode, { timeout: 30_000 }).toBe(2)
    expect(worker.output()).toContain('--processes takes a number')
  })
})
