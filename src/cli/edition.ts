import { type Command, InvalidArgumentError, Option } from 'commander'
import { listUnknown, progressInWords } from '../delivery/ledger/progress.ts'
import { AGAIN, type Again, sendAgain } from '../delivery/send/send-again.ts'
import { sendEdition } from '../delivery/send/send-edition.ts'
import { assemble } from '../edition/draft/assemble.ts'
import { cancel, describeEdition, type EditionKey, findEdition, hold, pause, resume } from '../edition/draft/control.ts'
import { CURATOR_ACTIONS, curate } from '../edition/draft/curate.ts'
import { describeRelease } from '../edition/draft/describe-release.ts'
import { release } from '../edition/draft/release.ts'
import { complain, progressBar, say } from '../lib/terminal.ts'
import { byHand, writeDown } from '../operate/audit.ts'
import type { Services } from '../runtime/services.ts'
import { commandLine } from './admin.ts'
import { asDate, report, withServices } from './open.ts'
import { previewCommand } from './preview-edition.ts'

export function editionCommands(program: Command): void {
  const edition = program.command('edition').description('manage editions, from draft to sent')
  const keyed = (name: string, description: string) =>
    edition
      .command(name)
      .description(description)
      .requiredOption('--date <day>', 'list day, or the Monday of the week for a weekly edition', asDate)
      .addOption(new Option('--kind <kind>', 'kind of edition').choices(['daily', 'weekly']).default('daily'))

  keyed('assemble', 'assemble the draft, or update it from the day’s papers').action((key: EditionKey, command) =>
    withServices(async (services) => {
      const made = await assemble(services, key)
      const deed = { who: commandLine(), what: 'assembled', about: describeEdition(key) }
      if (made.changed) await writeDown(services.db, services.now(), deed)
      const note = made.changed
        ? `draft assembled. It is released ${describeRelease(made, services.now())}`
        : `it is ${made.state} already, nothing was changed`
      const remedy = made.changed && made.held ? ` To release it: ${releaseCommand(key)}` : ''
      report(command, made, `Edition of ${key.date}, ${made.papers} papers: ${note}.${remedy}`)
    }),
  )

  previewCommand(keyed('preview', 'show a digest without sending it'))

  keyed('send', 'release it and send it: to each reader at their hour, or to all now')
    .option('--now', 'now, to all active readers who asked for this kind')
    .addOption(new Option('--everyone', 'now, to all active readers, also of other kinds').implies({ now: true }))
    .option('--wait', 'stay until deferred emails are settled too, also while the database restarts')
    .action((options, command) => withServices((services) => send(services, options, command), { mails: true }))

  keyed('again', 'send refused, expired or unknown deliveries again, with the same Message-ID')
    .addOption(
      new Option('--only <states>', 'states to send again, separated by commas: refused, expired, unknown')
        .argParser(asAgain)
        .makeOptionMandatory(),
    )
    .option('--yes', 'send; without it: dry run')
    .action((options: EditionKey & { only: Again[]; yes?: boolean }, command) =>
      withServices(async (services) => {
        const dryRun = options.yes !== true
        const again = (db: Services['db']) => sendAgain({ ...services, db }, options, { only: options.only, dryRun })
        const deed = {
          who: commandLine(),
          what: `queued ${options.only.join(' and ')} deliveries again of`,
          about: describeEdition(options),
        }
        const counts = dryRun ? await again(services.db) : await byHand(services, deed, again)
        const what =
          Object.entries(counts)
            .map(([state, count]) => `${count.toLocaleString('en')} ${state}`)
            .join(', ') || 'none'
        const maybe = counts.unknown ? ' An unknown delivery may have arrived, so its reader may get it twice.' : ''
        const words = dryRun
          ? `Dry run: would send again ${what}.${maybe} Add --yes to send.`
          : `Queued again: ${what}. A worker sends them, or run: paperboy edition send --date ${options.date}`
        report(command, { ...counts, done: !dryRun }, words)
      }),
    )

  keyed('unknown', 'list deliveries with an unknown outcome').action((key: EditionKey, command) =>
    withServices(async (services) => {
      const { id } = await findEdition(services, key)
      const unknown = await listUnknown(services, id)
      const lines = unknown.map((one) => `${one.address}  ${one.handedAt}  ${one.messageId}  ${one.reply}`)
      report(command, unknown, lines.length > 0 ? lines.join('\n') : 'No delivery is unknown.')
    }),
  )

  const simple: [string, string, string, (services: Services, key: EditionKey) => Promise<unknown>][] = [
    ['release', 'released', 'freeze and compose the edition now', release],
    ['hold', 'held', 'stop the schedule from releasing a draft', hold],
    ['pause', 'paused', 'pause sending', pause],
    ['resume', 'resumed', 'resume a paused edition, or release a held draft on schedule', resume],
    ['cancel', 'cancelled', 'end the edition for good and skip unsent deliveries', cancel],
  ]
  for (const [name, done, description, act] of simple) {
    keyed(name, description).action((key: EditionKey, command) =>
      withServices(async (services) => {
        const deed = { who: commandLine(), what: done, about: describeEdition(key) }
        await byHand(services, deed, (db) => act({ ...services, db }, key))
        const draft = await findEdition(services, key)
        const { state, held } = draft
        const release = state === 'draft' && !held ? ` It is released ${describeRelease(draft, services.now())}.` : ''
        report(
          command,
          { ...key, state, held },
          `The ${key.kind} edition of ${key.date} is ${held ? 'held, ' : ''}${state}.${release}`,
        )
      }),
    )
  }

  for (const [name, words] of [
    ['pick', 'put a paper first, with a note'],
    ['drop', 'leave a paper out'],
    ['unpick', 'take a pick or drop back'],
  ] as const) {
    edition
      .command(`${name} <paper>`)
      .description(`${words}; drafts that have it are assembled again`)
      .option('--note <text>', 'what the curator says of it')
      .action((paper: string, options, command) =>
        withServices(async (services) => {
          const { verdict, auditName } = CURATOR_ACTIONS[name]
          const about = `paper ${paper}`
          const { title, listDay, assembled } = await byHand(
            services,
            { who: commandLine(), what: auditName, about },
            (db) => curate({ ...services, db }, paper, name, options.note),
          )
          const again = assembled.map(describeEdition).join(' and ')
          report(
            command,
            { paper, title, listDay, verdict: verdict ?? null, assembled },
            `${verdict ?? 'no word on'}: ${title} (${listDay}). ${again ? `Assembled again: ${again}.` : 'It has no edition yet.'}`,
          )
        }),
      )
  }
}

const releaseCommand = ({ kind, date }: EditionKey): string =>
  `paperboy edition release --date ${date}${kind === 'weekly' ? ' --kind weekly' : ''}`

/** @throws InvalidArgumentError, which is wrong usage */
function asAgain(text: string): Again[] {
  const names = text.split(',').map((name) => name.trim())
  if (names.every((name): name is Again => AGAIN.some((known) => known === name))) return names
  throw new InvalidArgumentError(`Use ${AGAIN.join(', ')}, separated by commas.`)
}

async function send(
  services: Services,
  options: EditionKey & { now?: boolean; everyone?: boolean; wait?: boolean },
  command: Command,
): Promise<void> {
  const stop = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort())
  await findEdition(services, options)
  await writeDown(services.db, services.now(), {
    who: commandLine(),
    what: options.everyone
      ? 'ordered to send to everyone'
      : options.now
        ? 'ordered to send to all at once'
        : 'ordered to send',
    about: describeEdition(options),
  })
  let bar: ReturnType<typeof progressBar> | undefined
  const end = await sendEdition(services, options, {
    now: options.now === true,
    everyone: options.everyone === true,
    wait: options.wait === true,
    stop: stop.signal,
    onPlan: complain,
    onProgress: (progress) => {
      bar ??= progressBar('Sending', progress.total)
      bar(progress.total - progress.open)
    },
  })
  const { state } = await findEdition(services, options)
  const waiting =
    end.open > 0 && end.nextTry ? ` Next try ${end.nextTry.toISOString().slice(0, 16).replace('T', ' ')} UTC.` : ''
  report(
    command,
    { ...options, state, ...end },
    `Edition of ${options.date}, ${state}: ${end.total.toLocaleString('en')} deliveries, ${progressInWords(end)}.${waiting}`,
  )
  if (end.total === 0 && !options.now) say('No reader is due yet. Each reader gets it at their hour.')
  if (end.open > 0) process.exitCode = 1
}
