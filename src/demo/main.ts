import { rm } from 'node:fs/promises'
import { resolve } from 'node:path'
import { complain, say } from '../lib/terminal.ts'
import { inWords } from '../runtime/process.ts'
import { inboxAt } from './inbox.ts'
import { tellStory } from './story.ts'
import { startThrowAway } from './throw-away.ts'

/**
 * `npm run demo`: the reader's whole story on a throw-away database, unattended, with real PostgreSQL, queue, pages and mails.
 * Exits 0 only if every step was seen to be true; the mails stay in .data/demo/.
 */
const outDir = resolve('.data/demo')

try {
  await using stack = new AsyncDisposableStack()
  const { services, mailbox } = await startThrowAway(stack)
  await rm(outDir, { recursive: true, force: true })
  await tellStory(services, inboxAt(mailbox.webUrl), outDir)
  say(`\nAll of it was seen to be true. The mails are in ${outDir}.`)
} catch (error) {
  complain(`\nThe demo stopped: ${inWords(error)}`)
  process.exitCode = 1
}
