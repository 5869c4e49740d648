import { type Command, InvalidArgumentError } from 'commander'
import { print } from '../lib/terminal.ts'
import {
  createApiKey,
  DEFAULT_DAYS,
  DEFAULT_PER_MINUTE,
  listApiKeys,
  MAX_KEY_NAME,
  MAX_KEY_NUMBER,
  revokeApiKey,
  SCOPES,
} from '../operate/api-keys.ts'
import { withAudit } from '../operate/audit.ts'
import { cliActor } from './actor.ts'
import { parseBetween, parseCount, parseList } from './options.ts'
import { report } from './output.ts'
import { withServices } from './with-services.ts'

const isScope = (text: string): text is (typeof SCOPES)[number] => SCOPES.some((scope) => scope === text)

function parseScopes(text: string): (typeof SCOPES)[number][] {
  const scopes = parseList(text)
  const known = scopes.filter(isScope)
  if (known.length === 0 || known.length < scopes.length)
    throw new InvalidArgumentError(`Scopes are: ${SCOPES.join(', ')}.`)
  return known
}

/** @throws InvalidArgumentError; the API's limit */
function parseName(text: string): string {
  const name = text.trim()
  if (name === '' || name.length > MAX_KEY_NAME)
    throw new InvalidArgumentError(`A name has 1 to ${MAX_KEY_NAME} characters.`)
  return name
}

export function apiKeyCommands(apiKey: Command): void {
  apiKey
    .command('create')
    .argument('<name>', 'what it is for', parseName)
    .description('create a key for /api/v1 and print it once')
    .requiredOption('--scopes <list>', `what it allows: ${SCOPES.join(', ')}`, parseScopes)
    .option('--days <number>', 'days until it expires', parseBetween(1, MAX_KEY_NUMBER), DEFAULT_DAYS)
    .option('--per-minute <number>', 'requests per minute', parseBetween(1, MAX_KEY_NUMBER), DEFAULT_PER_MINUTE)
    .action((name: string, options: { scopes: (typeof SCOPES)[number][]; days: number; perMinute: number }, command) =>
      withServices(async (services) => {
        const actor = cliActor()
        const wanted = { name, ...options, createdBy: actor }
        const entry = { actor, action: 'created', target: `the API key ${JSON.stringify(name)}` }
        const made = await withAudit(services, entry, (db) => createApiKey({ ...services, db }, wanted))
        report(command, made, `${made.key}\nKeep it now: it cannot be shown again.`)
      }),
    )
  apiKey
    .command('list')
    .description('list all keys, with their scopes and the day of their last use')
    .action((_options, command: Command) =>
      withServices(async (services) => {
        const keys = await listApiKeys(services)
        if (command.optsWithGlobals().json) return print(JSON.stringify(keys))
        for (const { id, name, hint, scopes, state, lastUsedOn } of keys)
          print(`${id}  ${state}  ${hint}…  ${scopes.join(',')}  last used ${lastUsedOn ?? 'never'}  ${name}`)
        if (keys.length === 0) print('There are no API keys.')
      }),
    )
  apiKey
    .command('revoke')
    .argument('<id>', 'its number in the list', parseCount)
    .description('revoke a key at once and for good')
    .action((id: number, _options, command) =>
      withServices(async (services) => {
        const entry = { actor: cliActor(), action: 'revoked', target: `API key ${id}` }
        await withAudit(services, entry, (db) => revokeApiKey({ ...services, db }, id))
        report(command, { revoked: id }, `API key ${id} no longer works.`)
      }),
    )
}
