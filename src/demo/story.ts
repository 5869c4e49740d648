import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { dayOf, daysLater } from '../calendar/days.ts'
import { describeProgress } from '../delivery/ledger/progress.ts'
import { sendEdition } from '../delivery/send/send-edition.ts'
import { assemble } from '../edition/draft/assemble.ts'
import { makeFolder } from '../lib/make-folder.ts'
import { print } from '../lib/terminal.ts'
import { collect } from '../papers/ingest/collect.ts'
import { hfSource } from '../papers/ingest/sources/hf.ts'
import { userAgentOf } from '../runtime/config/user-agent.ts'
import type { Services } from '../runtime/services.ts'
import type { Inbox, Mail } from './inbox.ts'
import { startPaperList } from './paper-list.ts'
import { solveProofOfWork } from './proof-of-work.ts'

const READER = 'ada@reader.example'
const OTHER = 'charles@reader.example'

/** Prints a step that succeeded. @throws Error when it failed */
function check(ok: unknown, step: string): void {
  if (!ok) throw new Error(`not true: ${step}`)
  print(`  ✓ ${step}`)
}

/** Plays one reader's whole story over the real pages and emails. It checks every step from outside. */
export async function runStory(services: Services, inbox: Inbox, outDir: string): Promise<void> {
  // Lists so old that the worker makes no edition of them by itself.
  const first = daysLater(dayOf(services.now()), -9)
  const second = daysLater(first, 1)

  print('\n1. Papers are collected')
  // While it collects, two browsers do the proof of work for signing up.
  const url = services.config.PUBLIC_URL
  const [, proof, othersProof] = await Promise.all([
    collectDays(services, [first, second]),
    solveProofOfWork(url),
    solveProofOfWork(url),
  ])

  print('\n2. A reader subscribes in the web form')
  await subscribe(services, READER, proof)

  print('\n3. The reader confirms by the link in the email')
  await confirm(services, inbox, READER, outDir)
  await subscribe(services, OTHER, othersProof)
  await confirm(services, inbox, OTHER)

  print('\n4. The digest is sent and received')
  const digest = await sendAndReceive(services, inbox, first, outDir)

  print('\n5. The reader unsubscribes by the link in the header, like an email program')
  await unsubscribe(digest)

  print('\n6. The next edition is sent, but not to this reader')
  const before = await inbox.count(READER)
  await send(services, second)
  await inbox.waitFor(OTHER, subjectOf(second))
  check(true, `the other reader has the edition of ${second}`)
  check((await inbox.count(READER)) === before, 'the reader who unsubscribed gets no new email')
}

async function collectDays(services: Services, days: string[]): Promise<void> {
  const list = await startPaperList(days)
  const source = hfSource({ userAgent: userAgentOf(services.config), baseUrl: list.url })
  for (const day of days) {
    const { papers } = await collect({ ...services, source }, day)
    check(papers >= 10, `${papers} papers of list day ${day}`)
  }
  await list.close()
}

const page = ({ config }: Services, path: string, init?: RequestInit) =>
  fetch(new URL(path, config.PUBLIC_URL), { redirect: 'manual', ...init })

async function subscribe(services: Services, address: string, proof: string): Promise<void> {
  const home = await (await page(services, '/')).text()
  check(home.includes('Get trending papers in your email inbox!'), 'the page shows the list and the form')
  const reply = await page(services, '/subscribe', {
    method: 'POST',
    body: new URLSearchParams({ email: address, zone: 'Europe/Berlin', proof }),
  })
  check(
    reply.status === 303,
    `the server accepts the form with a proof of work: ${reply.status} → ${reply.headers.get('location')}`,
  )
}

async function confirm(services: Services, inbox: Inbox, address: string, outDir?: string): Promise<void> {
  const mail = await inbox.waitFor(address, /confirm/i)
  check(true, `an email arrives: "${mail.subject}"`)
  if (outDir) await saveMail(outDir, '1-confirm', mail)
  const link = /https?:\/\/\S+\/confirm\/\S+/.exec(mail.text)?.[0] ?? ''
  const shown = await page(services, link)
  check(shown.status === 200 && (await shown.text()).includes('<button'), 'its link shows a page with a button')
  const pressed = await page(services, link, { method: 'POST' })
  check(pressed.status === 303, `the button confirms: ${pressed.status} → ${pressed.headers.get('location')}`)
  const welcome = await inbox.waitFor(address, /welcome/i)
  if (outDir) await saveMail(outDir, '2-welcome', welcome)
  check(true, `an email arrives: "${welcome.subject}"`)
}

const subjectOf = (date: string): RegExp => new RegExp(`Trending papers, ${Number(date.slice(8))} [A-Z]`)

async function send(services: Services, date: string): Promise<void> {
  const { papers } = await assemble(services, { date })
  check(papers > 0, `the edition of ${date} is assembled from ${papers} papers`)
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
  check(progress.open === 0 && progress.total > 0, `it is sent: ${describeProgress(progress)}`)
}

async function sendAndReceive(services: Services, inbox: Inbox, date: string, outDir: string): Promise<Mail> {
  await send(services, date)
  const digest = await inbox.waitFor(READER, subjectOf(date))
  await saveMail(outDir, '3-digest', digest)
  check(true, `the digest arrives: "${digest.subject}"`)
  check(/Attention|Learning|Model|Network|Image/i.test(digest.text), 'it has papers in its text part')
  check(digest.html.includes('/unsubscribe/'), 'its HTML part has the unsubscribe link')
  check(
    /^List-Unsubscribe-Post: List-Unsubscribe=One-Click/im.test(digest.source),
    'its header offers one-click unsubscribing',
  )
  return digest
}

async function unsubscribe(digest: Mail): Promise<void> {
  const link = /^List-Unsubscribe:\s*<(https?:[^>]+)>/im.exec(digest.source)?.[1] ?? ''
  const reply = await fetch(link, { method: 'POST', body: new URLSearchParams({ 'List-Unsubscribe': 'One-Click' }) })
  check(reply.status === 200, `POST to that link returns ${reply.status}`)
}

async function saveMail(outDir: string, name: string, mail: Mail): Promise<void> {
  await makeFolder(outDir)
  await Promise.all([
    writeFile(join(outDir, `${name}.eml`), mail.source),
    writeFile(join(outDir, `${name}.html`), mail.html),
    writeFile(join(outDir, `${name}.txt`), mail.text),
  ])
}
