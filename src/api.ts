import './runtime/fast-loading.ts'
import { hasNoArguments } from './runtime/no-arguments.ts'

const usage = `Usage: npm run api

Serves the pages and the API until Ctrl-C. Settings come from the environment or .env: docs/configuration.md lists them.
`

if (hasNoArguments(usage)) await import('./processes/api.ts')
