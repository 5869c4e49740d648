import { startWorker } from '../../workers/worker.ts'
import { buildApp } from '../app.ts'
import { choosePort } from '../embedded/port.ts'
import { openTemporaryDatabase } from '../embedded/temporary-database.ts'
import { fillLocalDefaults } from '../local/local-defaults.ts'
import type { MailboxUrls } from '../local/mailbox.ts'
import { readEnvironment } from '../runtime/config/config.ts'
import { migrate } from '../runtime/db/database.ts'
import { openServices } from '../runtime/open-services.ts'
import type { Services } from '../runtime/services.ts'

/**
 * Starts the whole service on a database and ports of its own, for the demo and the screenshots. Disposing the stack removes all of
 * it.
 */
export async function startTemporaryService(
  stack: AsyncDisposableStack,
): Promise<{ services: Services; mailbox: MailboxUrls }> {
  const { url, folder } = await openTemporaryDatabase(stack)
  const port = String(await choosePort(undefined))
  const environment = readEnvironment({
    DATA_DIR: folder,
    DATABASE_URL: url,
    PORT: port,
    PUBLIC_URL: `http://127.0.0.1:${port}`,
    MAILBOX_PORT: '0',
    MAIL_FROM: 'Paperboy <papers@paperboy.example>',
    POSTAL_ADDRESS: '1 Press Street, Inkwell',
    LOG_LEVEL: 'error',
  })
  const { config, mailbox } = await fillLocalDefaults(environment, stack, { mailbox: 'own' })
  await migrate(config.DATABASE_URL)
  const services = stack.use(await openServices(config))
  const app = stack.adopt(buildApp(services, { mailboxUrl: mailbox!.webUrl, shedsLoad: false }), (each) => each.close())
  await app.listen({ host: config.HOST, port: config.PORT })
  stack.adopt(await startWorker(services, []), (worker) => worker.stop())
  return { services, mailbox: mailbox! }
}
