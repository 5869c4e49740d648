import type { Command } from 'commander'
import { listUnknownServiceEmails } from '../outbox/list-unknown.ts'
import { report } from './output.ts'
import { withServices } from './with-services.ts'

export function unknownCommand(command: Command): void {
  command.action(() =>
    withServices(async (services) => {
      const unknown = await listUnknownServiceEmails(services)
      const lines = unknown.map(({ kind, reply, messageId, at }) => `${at}  ${kind}  ${messageId}  ${reply}`)
      report(command, unknown, lines.join('\n') || 'None is unknown.')
    }),
  )
}
