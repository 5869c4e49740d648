import { type Command, Option } from 'commander'
import { minuteUtc } from '../../calendar/words.ts'
import { describeProgress } from '../../delivery/ledger/progress.ts'
import { sendEdition } from '../../delivery/send/send-edition.ts'
import { describeEdition, type EditionKey, findEdition } from '../../edition/draft/control.ts'
import { counted } from '../../lib/counted.ts'
import { printError, progressBar } from '../../lib/terminal.ts'
import { recordAudit } from '../../operate/audit.ts'
import type { Services } from '../../runtime/services.ts'
import { cliActor } from '../actor.ts'
import { report } from '../output.ts'
import { withServices } from '../with-services.ts'
import { editionCommand } from './edition-command.ts'

interface SendOptions extends EditionKey {
  now?: boolean
  everyone?: boolean
  wait?: boolean
}

export function sendCommand(edition: Command): void {
  editionCommand(edition, 'send', 'release it and send it: to each reader at their hour, or to all now')
    .option('--now', 'now, to all active readers who asked for this kind')
    .addOption(new Option('--everyone', 'now, to all active readers, also of other kinds').implies({ now: true }))
    .option('--wait', 'stay until deferred emails are settled too, also while the database restarts')
    .action((options: SendOptions, command) =>
      withServices((services) => send(services, options, command), { sendsEmail: true }),
    )
}

async function send(services: Services, options: SendOptions, command: Command): Promise<void> {
  const stop = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort())
  await findEdition(services, options)
  await recordAudit(services.db, services.now(), {
    actor: cliActor(),
    action: describeOrder(options),
    target: describeEdition(options),
  })
  let bar: ReturnType<typeof progressBar> | undefined
  const end = await sendEdition(services, options, {
    now: options.now === true,
    everyone: options.everyone === true,
    wait: options.wait === true,
    stop: stop.signal,
    onPlan: printError,
    onProgress: (progress) => {
      bar ??= progressBar('Sending', progress.total)
      bar(progress.total - progress.open)
    },
  })
  const { state } = await findEdition(services, options)
  const waiting = end.open > 0 && end.nextTry ? ` Next try ${minuteUtc(end.nextTry)}.` : ''
  const none = end.total === 0 && !options.now ? '\nNo reader is due yet. Each reader gets it at their hour.' : ''
  report(
    command,
    { ...options, state, ...end },
    `Edition of ${options.date}, ${state}: ${counted(end.total, 'delivery', 'deliveries')}${end.total > 0 ? `: ${describeProgress(end)}` : ''}.${waiting}${none}`,
  )
  if (end.open > 0) process.exitCode = 1
}

function describeOrder({ now, everyone }: SendOptions): string {
  if (everyone) return 'ordered to send to everyone'
  return now ? 'ordered to send to all at once' : 'ordered to send'
}
