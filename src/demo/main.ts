import { rm } from 'node:fs/promises'
import { resolve } from 'node:path'
import { print, printError } from '../lib/terminal.ts'
import { describeError } from '../runtime/process.ts'
import { openInbox } from './inbox.ts'
import { runStory } from './story.ts'
import { startTemporaryService } from './temporary-service.ts'

/**
 * `npm run demo`: a reader's whole story on a temporary database, with real PostgreSQL, queue, pages and email.
 * It exits with 0 only if every step succeeds. It saves the emails in .data/demo/.
 */
const outDir = resolve('.data/demo')

try {
  await using stack = new AsyncDisposableStack()
  const { services, mailbox } = await startTemporaryService(stack)
  await rm(outDir, { recursive: true, force: true })
  await runStory(services, openInbox(mailbox.webUrl), outDir)
  print(`\nEvery step succeeded. The emails are in ${outDir}.`)
} catch (error) {
  printError(`\nThe demo failed: ${describeError(error)}`)
  process.exitCode = 1
}
