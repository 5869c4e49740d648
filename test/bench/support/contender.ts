import { readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import nodemailer from 'nodemailer'
import SMTPConnection from 'nodemailer/lib/smtp-connection'

/** Runs one contender of a benchmark in its own process: `contender.ts NAME JSON`. It prints its measures as one line of JSON. */
interface Task {
  port: number
  messages: number
  connections: number
  /** files with the complete message and its two bodies */
  eml: string
  html: string
  text: string
}

/** Measures of one run. */
export interface Taken {
  messages: number
  /** milliseconds since the epoch, to compare the runs of several processes */
  beganAt: number
  endedAt: number
  cpuSeconds: number
  peakMegabytes: number
}

const FROM = 'papers@paperboy.example'
const to = (number: number) => `reader-${number}@reader.example`

const contenders: Record<string, (task: Task, begin: () => void) => Promise<void>> = {
  async 'nodemailer-pool'(task, begin) {
    const raw = await readFile(task.eml)
    const mailer = poolOf(task)
    begin()
    await each(task, (number) => mailer.sendMail({ envelope: { from: FROM, to: [to(number)] }, raw }))
    mailer.close()
  },

  async 'nodemailer-composing'(task, begin) {
    const [html, text] = await Promise.all([readFile(task.html, 'utf8'), readFile(task.text, 'utf8')])
    const mailer = poolOf(task)
    begin()
    await each(task, (number) =>
      mailer.sendMail({ from: FROM, to: to(number), subject: 'Trending papers', html, text }),
    )
    mailer.close()
  },

  async 'bare-loop'({ port, messages, connections, eml }, begin) {
    const message = await readFile(eml)
    begin()
    let next = 0
    await Promise.all(
      Array.from({ length: connections }, async () => {
        const smtp = new SMTPConnection({ host: '127.0.0.1', port })
        await new Promise<void>((resolve, reject) => smtp.connect((error) => (error ? reject(error) : resolve())))
        while (next < messages) {
          const envelope = { from: FROM, to: [to(++next)], size: message.length }
          await new Promise<void>((resolve, reject) =>
            smtp.send(envelope, message, (error) => (error ? reject(error) : resolve())),
          )
        }
        smtp.quit()
      }),
    )
  },

  /** The product's worker, on the edition planned in its database. */
  async paperboy(_task, begin) {
    // Imported here, so that it does not count as memory of the other contenders.
    const [{ sql }, { readEnvironment, requireComplete }, { openServices }, { startWorker }] = await Promise.all([
      import('drizzle-orm'),
      import('../../../src/runtime/config/config.ts'),
      import('../../../src/runtime/open-services.ts'),
      import('../../../workers/worker.ts'),
    ])
    const services = await openServices(requireComplete(readEnvironment(process.env)))
    begin()
    const worker = await startWorker(services, [])
    for (let open = true; open; await new Promise((done) => setTimeout(done, 50))) {
      const { rows } = await services.db.execute<{ open: boolean }>(
        sql`SELECT EXISTS (SELECT FROM batches WHERE state <> 'done') AS open`,
      )
      open = rows[0]!.open
    }
    ended = Date.now()
    await worker.stop()
    await services[Symbol.asyncDispose]()
  },
}

const poolOf = ({ port, connections }: Task) =>
  nodemailer.createTransport({
    host: '127.0.0.1',
    port,
    pool: true,
    maxConnections: connections,
    maxMessages: Number.POSITIVE_INFINITY,
  })

/** Keeps twice as many messages in flight as there are connections, so that no connection waits. */
async function each({ messages, connections }: Task, send: (number: number) => Promise<unknown>): Promise<void> {
  let next = 0
  const one = async () => {
    while (next < messages) await send(++next)
  }
  await Promise.all(Array.from({ length: connections * 2 }, one))
}

const [name = '', json = '{}'] = process.argv.slice(2)
const task: Task = JSON.parse(json)
let began = 0
let ended = 0
let cpu = process.cpuUsage()
await contenders[name]!(task, () => {
  began = Date.now()
  cpu = process.cpuUsage()
})
const { user, system } = process.cpuUsage(cpu)
const taken: Taken = {
  messages: task.messages,
  beganAt: began,
  endedAt: ended || Date.now(),
  cpuSeconds: (user + system) / 1e6,
  // Not resourceUsage().maxRSS, which includes the parent's memory at the fork.
  peakMegabytes: Number(/VmHWM:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))![1]) / 1024,
}
console.log(JSON.stringify(taken))
