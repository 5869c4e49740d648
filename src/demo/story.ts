import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { daysLater } from '../calendar/days.ts'
import { progressInWords } from '../delivery/ledger/progress.ts'
import { sendEdition } from '../delivery/send/send-edition.ts'
import { assemble } from '../edition/draft/assemble.ts'
import { say } from '../lib/terminal.ts'
import { collect } from '../papers/ingest/collect.ts'
import { hfSource } from '../papers/ingest/sources/hf.ts'
import type { Services } from '../runtime/services.ts'
import type { Inbox, Mail } from './inbox.ts'
import { openPaperList } from './paper-list.ts'
import { prove } from './prove.ts'

const READER = 'ada@reader.example'
const OTHER = 'charles@reader.example'

/** Prints what was seen. @throws Error when it was not */
function see(seen: unknown, what: string): void {
  if (!seen) throw new Error(`not seen: ${what}`)
  say(`  ✓ ${what}`)
}

/** One reader's whole story, over the real pages and real mails; every step is looked at from outside. */
export async function tellStory(services: Services, inbox: Inbox, outDir: string): Promise<void> {
  const today = services.now().toISOString().slice(0, 10)
  const [first, second] = [daysLater(today, -3), daysLater(today, -2)]

  say('\n1. Papers are collected')
  // Meanwhile two browsers do the work that is asked of them before they sign up.
  const url = services.config.PUBLIC_URL
  const [, proof, othersProof] = await Promise.all([collectDays(services, [first, second]), prove(url), prove(url)])

  say('\n2. A reader subscribes in the web form')
  await subscribe(services, READER, proof)

  say('\n3. and confirms by the mailed link')
  await confirm(services, inbox, READER, outDir)
  await subscribe(services, OTHER, othersProof)
  await confirm(services, inbox, OTHER)

  say('\n4. The digest is sent and received')
  const digest = await sendAndReceive(services, inbox, first, outDir)

  say('\n5. The reader unsubscribes by the link in the header, as mail programs do')
  await unsubscribe(digest)

  say('\n6. The next edition is sent, and not to them')
  const before = await inbox.count(READER)
  await send(services, second)
  await inbox.waitFor(OTHER, subjectOf(second))
  see(true, `the other reader has the edition of ${second}`)
  see((await inbox.count(READER)) === before, 'the one who left has no new mail')
}

async function collectDays(services: Services, days: string[]): Promise<void> {
  const list = await openPaperList(days)
  const source = hfSource({ publicUrl: services.config.PUBLIC_URL, baseUrl: list.url })
  for (const day of days) {
    const { papers } = await collect({ ...services, source }, day)
    see(papers >= 10, `${papers} papers of list day ${day}`)
  }
  await list.close()
}

const page = ({ config }: Services, path: string, init?: RequestInit) =>
  fetch(new URL(path, config.PUBLIC_URL), { redirect: 'manual', ...init })

async function subscribe(services: Services, address: string, proof: string): Promise<void> {
  const home = await (await page(services, '/')).text()
  see(home.includes('Get trending papers in your email inbox!'), 'the page shows the list and the form')
  const reply = await page(services, '/subscribe', {
    method: 'POST',
    body: new URLSearchParams({ email: address, zone: 'Europe/Berlin', proof }),
  })
  see(
    reply.status === 303,
    `the form is taken, with a proof of work: ${reply.status} → ${reply.headers.get('location')}`,
  )
}

async function confirm(services: Services, inbox: Inbox, address: string, outDir?: string): Promise<void> {
  const mail = await inbox.waitFor(address, /confirm/i)
  see(true, `a mail came: "${mail.subject}"`)
  if (outDir) await keep(outDir, '1-confirm', mail)
  const link = /https?:\/\/\S+\/confirm\/\S+/.exec(mail.text)?.[0] ?? ''
  const shown = await page(services, link)
  see(shown.status === 200 && (await shown.text()).includes('<button'), 'its link shows a page with a button')
  const pressed = await page(services, link, { method: 'POST' })
  see(pressed.status === 303, `the button confirms: ${pressed.status} → ${pressed.headers.get('location')}`)
  const welcome = await inbox.waitFor(address, /welcome/i)
  if (outDir) await keep(outDir, '2-welcome', welcome)
  see(true, `a mail came: "${welcome.subject}"`)
}

const subjectOf = (date: string): RegExp => new RegExp(`Trending papers, ${Number(date.slice(8))} [A-Z]`)

async function send(services: Services, date: string): Promise<void> {
  const { papers } = await assemble(services, { date })
  see(papers > 0, `the edition of ${date} is assembled from ${papers} papers`)
  const progress = await sendEdition(
    services,
    { kind: 'daily', date },
    {
      now: true,
      wait: true,
      stop: AbortSignal.timeout(30_000),
      onProgress: () => {},
    },
  )
  see(progress.open === 0 && progress.total > 0, `it is sent: ${progressInWords(progress)}`)
}

async function sendAndReceive(services: Services, inbox: Inbox, date: string, outDir: string): Promise<Mail> {
  await send(services, date)
  const digest = await inbox.waitFor(READER, subjectOf(date))
  await keep(outDir, '3-digest', digest)
  see(true, `the digest came: "${digest.subject}"`)
  see(/Attention|Learning|Model|Network|Image/i.test(digest.text), 'it has papers in its text part')
  see(digest.html.includes('/unsubscribe/'), 'its HTML part has the unsubscribe link')
  see(
    /^List-Unsubscribe-Post: List-Unsubscribe=One-Click/im.test(digest.source),
    'its header offers one-click unsubscribing',
  )
  return digest
}

async function unsubscribe(digest: Mail): Promise<void> {
  const link = /^List-Unsubscribe:\s*<(https?:[^>]+)>/im.exec(digest.source)?.[1] ?? ''
  const reply = await fetch(link, { method: 'POST', body: new URLSearchParams({ 'List-Unsubscribe': 'One-Click' }) })
  see(reply.status === 200, `the post to it answers ${reply.status}`)
}

async function keep(outDir: string, name: string, mail: Mail): Promise<void> {
  await mkdir(outDir, { recursive: true })
  await Promise.all([
    writeFile(join(outDir, `${name}.eml`), mail.source),
    writeFile(join(outDir, `${name}.html`), mail.html),
    writeFile(join(outDir, `${name}.txt`), mail.text),
  ])
}
