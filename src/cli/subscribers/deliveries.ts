import type { Command } from 'commander'
import { readerDeliveries } from '../../delivery/ledger/reader-deliveries.ts'
import { report } from '../output.ts'
import { withServices } from '../with-services.ts'

export function deliveriesCommand(subscribers: Command): void {
  subscribers
    .command('deliveries <address>')
    .description('list the digests sent to an address: state, relay’s reply, Message-ID')
    .action((address: string, _options, command) =>
      withServices(async (services) => {
        const found = await readerDeliveries(services, address)
        const lines = found.map(
          (one) =>
            `${one.date} ${one.kind}  ${one.state}${one.handedAt ? `  ${one.handedAt}` : ''}  ${[one.relay, one.reply].filter(Boolean).join(': ')}  ${one.messageId}`,
        )
        report(command, found, lines.join('\n') || 'No digest was sent to this address.')
      }),
    )
}
