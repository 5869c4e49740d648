import './runtime/fast-loading.ts'
import { hasNoArguments } from './runtime/no-arguments.ts'

const usage = `Usage: npm start

Runs the whole service, with its database and mailbox, until Ctrl-C. Settings come from the environment or .env:
docs/configuration.md lists them. Every other command: npm run paperboy -- --help
`

if (hasNoArguments(usage)) await import('./processes/all-in-one.ts')
