import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect } from 'vitest'
import { buildApp } from '../../src/app.ts'
import { sendEdition } from '../../src/delivery/send/send-edition.ts'
import { assemble } from '../../src/edition/draft/assemble.ts'
import { choosePort } from '../../src/embedded/port.ts'
import { subscribers } from '../../src/runtime/db/schema.ts'
import { openQueues } from '../../src/runtime/queue.ts'
import { startWorker } from '../../workers/worker.ts'
import { useBrowser, withoutBrowser } from '../support/browser.ts'
import { test } from '../support/database.ts'
import { addPapers, servicesOn } from '../support/services.ts'
import { openSink } from '../support/sink.ts'

const browser = useBrowser()

test.skipIf(withoutBrowser)(
  'a person subscribes in the form, confirms from the mail, reads the digest, and leaves by the link in it',
  { timeout: 60_000 },
  async ({ db, databaseUrl, onTestFinished }) => {
    const stack = new AsyncDisposableStack()
    onTestFinished(() => stack.disposeAsync())
    const sink = stack.adopt(await openSink(), (each) => each.close())
    const queues = stack.adopt(await openQueues({ databaseUrl, installation: 'test', onError: () => {} }), (each) =>
      each.close(),
    )
    const port = await choosePort(undefined)
    const settings = { DATABASE_URL: databaseUrl, SMTP_URL: sink.url, PUBLIC_URL: `http://127.0.0.1:${port}` }
    const services = { ...servicesOn(db, settings), queues, now: () => new Date() }
    const app = stack.adopt(buildApp(services), (each) => each.close())
    await app.listen({ host: '127.0.0.1', port })
    stack.adopt(await startWorker(services, []), (each) => each.stop())
    await addPapers(db, '2026-04-14', 12)

    const context = await browser
      .current()
      .newContext({ timezoneId: 'Asia/Tokyo', viewport: { width: 375, height: 800 } })
    const page = await context.newPage()
    await page.goto(`http://127.0.0.1:${port}/`)
    await page.getByLabel(/address/i).fill('Ada@example.org')
    await page.getByRole('button', { name: 'Subscribe' }).click()
    await page.getByRole('heading', { name: 'Check your inbox' }).waitFor()

    await expect.poll(() => sink.taken.length, { timeout: 15_000 }).toBe(1)
    const mail = await sink.read('Ada@example.org')
    await page.goto(/http\S+\/confirm\/\S+/.exec(mail.text!)![0])
    await page.getByRole('button', { name: /confirm/i }).click()
    await page.getByRole('heading', { name: 'You’re subscribed' }).waitFor()
    // Their clock is the browser's.
    expect((await db.select().from(subscribers))[0]).toMatchObject({ status: 'active', zone: 'Asia/Tokyo' })

    await assemble(services, { date: '2026-04-14' })
    const stop = AbortSignal.timeout(20_000)
    await sendEdition(
      services,
      { kind: 'daily', date: '2026-04-14' },
      { now: true, wait: true, stop, onProgress: () => {} },
    )
    const digest = await sink.read('Ada@example.org')
    const folder = await mkdtemp(join(tmpdir(), 'paperboy-mail-'))
    stack.defer(() => rm(folder, { recursive: true, force: true }))
    await writeFile(join(folder, 'digest.html'), digest.html as string)
    await page.goto(pathToFileURL(join(folder, 'digest.html')).href)
    expect(await page.getByRole('heading', { level: 3 }).count()).toBe(10)
    await page.getByRole('link', { name: 'Unsubscribe' }).click()
    await page.getByRole('heading', { name: 'Unsubscribe from Paperboy?' }).waitFor()
    expect((await db.select().from(subscribers))[0]!.status).toBe('active')
    await page.getByRole('button', { name: 'Unsubscribe' }).click()
    await expect.poll(async () => (await db.select().from(subscribers))[0]!.status).toBe('unsubscribed')
  },
)
