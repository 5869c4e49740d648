import type { Command } from 'commander'
import { describeEdition } from '../../edition/draft/control.ts'
import { CURATOR_ACTIONS, curate } from '../../edition/draft/curate.ts'
import { withAudit } from '../../operate/audit.ts'
import { cliActor } from '../actor.ts'
import { report } from '../output.ts'
import { withServices } from '../with-services.ts'

const COMMANDS = {
  pick: 'put a paper first, with a note',
  drop: 'leave a paper out',
  unpick: 'take a pick or drop back',
} as const

export function curateCommands(edition: Command): void {
  for (const name of ['pick', 'drop', 'unpick'] as const)
    edition
      .command(`${name} <paper>`)
      .description(`${COMMANDS[name]}; drafts that have it are assembled again`)
      .option('--note <text>', 'what the curator says of it')
      .action((paper: string, options, command) =>
        withServices(async (services) => {
          const { verdict, auditName } = CURATOR_ACTIONS[name]
          const entry = { actor: cliActor(), action: auditName, target: `paper ${paper}` }
          const { title, listDay, assembled } = await withAudit(services, entry, (db) =>
            curate({ ...services, db }, paper, name, options.note),
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
