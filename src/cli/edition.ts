import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Command, Option } from 'commander'
import { addressOf } from '../delivery/digest-press.ts'
import { openDkim, signing } from '../delivery/dkim.ts'
import { listUnknown, progressInWords } from '../delivery/progress.ts'
import { openRelays } from '../delivery/relays.ts'
import { sendEdition } from '../delivery/send-edition.ts'
import { assemble } from '../edition/assemble.ts'
import { cancel, type EditionKey, findEdition, hold, pause, resume } from '../edition/control.ts'
import { curate } from '../edition/curate.ts'
import { preview } from '../edition/preview.ts'
import { release } from '../edition/release.ts'
import type { Services } from '../services.ts'
import { parseAddress } from '../subscription/address.ts'
import { complain, progressBar, say } from '../terminal.ts'
import { asDate, report, withServices } from './open.ts'

export function editionCommands(program: Command): void {
  const edition = program.command('edition').description('a list day’s papers, from draft to sent')
  const keyed = (name: string, description: string) =>
    edition
      .command(name)
      .description(description)
      .requiredOption('--date <day>', 'the list day, or the Monday of a week', asDate)
      .addOption(new Option('--kind <kind>', 'which edition').choices(['daily', 'weekly']).default('daily'))

  keyed('assemble', 'make or re-make the draft from the papers of that day').action((key: EditionKey, command) =>
    withServices(async (services) => {
      const made = await assemble(services, key)
      const note = made.changed ? 'draft assembled' : `it is ${made.state} already, nothing was changed`
      report(command, made, `Edition of ${key.date}, ${made.papers} papers: ${note}.`)
    }),
  )

  keyed('preview', 'show a digest of it without sending it')
    .option('--out <dir>', 'write digest-DATE.eml, .html and .txt there')
    .option('--to <address>', 'mail it to this address')
    .option('--reader <address>', 'as this subscriber would get it')
    .action((options, command) =>
      withServices((services) => showPreview(services, options, command), { mails: options.to !== undefined }),
    )

  keyed('send', 'release it and send it: to each reader at their hour, or to all now')
    .option('--now', 'to all active readers now')
    .option('--wait', 'stay until deferred mails are settled too')
    .action((options, command) => withServices((services) => send(services, options, command), { mails: true }))

  keyed('unknown', 'list deliveries of which nobody knows whether they arrived').action((key: EditionKey, command) =>
    withServices(async (services) => {
      const { id } = await findEdition(services, key)
      const unknown = await listUnknown(services, id)
      const lines = unknown.map((one) => `${one.address}  ${one.handedAt}  ${one.messageId}  ${one.reply}`)
      report(command, unknown, lines.length > 0 ? lines.join('\n') : 'None is unknown.')
    }),
  )

  const simple: [string, string, (services: Services, key: EditionKey) => Promise<unknown>][] = [
    ['release', 'freeze and compose it now', release],
    ['hold', 'keep a draft from being released by the clock', hold],
    ['pause', 'stop handing it over', pause],
    ['resume', 'go on with a paused edition, or let a held draft go', resume],
    ['cancel', 'end it for good; what was not handed over is skipped', cancel],
  ]
  for (const [name, description, act] of simple) {
    keyed(name, description).action((key: EditionKey, command) =>
      withServices(async (services) => {
        await act(services, key)
        const { state, held } = await findEdition(services, key)
        report(
          command,
          { ...key, state, held },
          `The ${key.kind} edition of ${key.date} is ${held ? 'held, ' : ''}${state}.`,
        )
      }),
    )
  }

  for (const [name, verdict, words] of [
    ['pick', 'picked', 'put a paper first, with a note'],
    ['drop', 'dropped', 'leave a paper out'],
    ['unpick', undefined, 'take a pick or drop back'],
  ] as const) {
    edition
      .command(`${name} <paper>`)
      .description(`${words}; counts when the draft is next assembled`)
      .option('--note <text>', 'what the curator says of it')
      .action((paper: string, options, command) =>
        withServices(async (services) => {
          const { title, listDay } = await curate(services, paper, verdict, options.note)
          report(
            command,
            { paper, title, listDay, verdict: verdict ?? null },
            `${verdict ?? 'no word on'}: ${title} (${listDay})`,
          )
        }),
      )
  }
}

async function showPreview(
  services: Services,
  options: EditionKey & { out?: string; to?: string; reader?: string },
  command: Command,
): Promise<void> {
  const made = await preview(services, options, options.reader)
  if (options.out) {
    await mkdir(options.out, { recursive: true })
    const base = join(options.out, `digest-${options.date}`)
    await Promise.all([
      writeFile(`${base}.eml`, made.eml),
      writeFile(`${base}.html`, made.html),
      writeFile(`${base}.txt`, made.text),
    ])
    report(
      command,
      { files: ['eml', 'html', 'txt'].map((ending) => `${base}.${ending}`) },
      `${made.subject}\n${base}.{eml,html,txt}`,
    )
  } else if (!options.to) {
    report(command, { subject: made.subject, html: made.html, text: made.text }, `${made.subject}\n\n${made.text}`)
  }
  if (options.to) {
    const relay = signing(
      openRelays({ ...services.config, SMTP_CONNECTIONS: 1 }),
      await openDkim(services.config),
      services.now,
    )
    const { email } = parseAddress(options.to)
    const outcome = await relay.send({ from: addressOf(services.config.MAIL_FROM), to: email }, made.eml)
    relay.close()
    report(command, outcome, `The relay said: ${outcome.reply} (${outcome.state})`)
    if (outcome.state !== 'accepted') process.exitCode = 1
  }
}

async function send(
  services: Services,
  options: EditionKey & { now?: boolean; wait?: boolean },
  command: Command,
): Promise<void> {
  const stop = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort())
  let bar: ReturnType<typeof progressBar> | undefined
  const end = await sendEdition(services, options, {
    now: options.now === true,
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
  if (end.total === 0 && !options.now) say('Nobody’s hour has come; each reader gets it at their own.')
  if (end.open > 0) process.exitCode = 1
}
