import { cleanUpOnSignal } from '../embedded/clean-up-on-signal.ts'
import { printError } from '../lib/terminal.ts'
import { fillLocalDefaults } from '../local/local-defaults.ts'
import { type Config, readEnvironment } from '../runtime/config/config.ts'
import { migrate } from '../runtime/db/database.ts'
import { openServices } from '../runtime/open-services.ts'
import type { Services } from '../runtime/services.ts'

/**
 * Opens the services for the duration of a command. With the embedded database, it uses the running service's one, or starts,
 * migrates and stops its own.
 *
 * @param options.sendsEmail the command sends email, so it needs a relay or the mailbox
 * @param options.anyKey the command works with any SUPPRESSION_KEY
 */
export const withServices = <T>(
  work: (services: Services) => Promise<T>,
  options: { sendsEmail?: boolean; anyKey?: boolean } = {},
): Promise<T> =>
  withConfig(async (config, stack) => {
    const services = stack.use(await openServices(config, { ...options, isCommand: true, lazyQueue: true }))
    // Its database stops under it, which is no news.
    using _ = cleanUpOnSignal(() => {
      services.log.level = 'silent'
    })
    return await work(services)
  }, options)

/**
 * Like `withServices`, for commands that open their own connections.
 *
 * @param options.migrates false to leave the embedded database's tables as they are
 */
export async function withConfig<T>(
  work: (config: Config, stack: AsyncDisposableStack) => Promise<T>,
  { sendsEmail = false, migrates = true }: { sendsEmail?: boolean; migrates?: boolean } = {},
): Promise<T> {
  // What runs beside the command: the embedded database, the mailbox.
  await using local = new AsyncDisposableStack()
  using _ = cleanUpOnSignal(() => local.disposeAsync())
  await using stack = new AsyncDisposableStack()
  const environment = readEnvironment({ LOG_LEVEL: 'warn', ...process.env })
  const { config } = await fillLocalDefaults(environment, local, {
    mailbox: sendsEmail ? 'shared' : 'none',
    print: printError,
  })
  if (!environment.DATABASE_URL && migrates) await migrate(config.DATABASE_URL)
  return await work(config, stack)
}
