import { randomBytes } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { ConfigError, readEnvironment } from '../runtime/config/config.ts'

const TEMPLATE = new URL('../../.env.example', import.meta.url)

/** Generated values: 32 random bytes in hex, which needs no quoting in URLs, shells or env files. */
const GENERATED = ['SECRET_KEY', 'SUPPRESSION_KEY', 'POSTGRES_PASSWORD', 'METRICS_TOKEN']

/**
 * Returns the text of an `.env` file: `.env.example` with these values and fresh keys.
 *
 * @param values by variable; a variable that is commented out in the example is uncommented
 * @throws ConfigError that names invalid variables, without their values
 */
export async function envText(values: Readonly<Record<string, string>>): Promise<string> {
  const generated = Object.fromEntries(GENERATED.map((name) => [name, randomBytes(32).toString('hex')]))
  const all: Record<string, string> = { ...generated, ...values }
  const { POSTGRES_PASSWORD: _, COMPOSE_PROFILES: __, ...read } = all
  readEnvironment(read)
  let text = await readFile(TEMPLATE, 'utf8')
  for (const [name, value] of Object.entries(all)) {
    const line = new RegExp(`^(?:# )?${name}=.*$`, 'm')
    if (!line.test(text)) throw new ConfigError(`.env.example has no ${name}.`)
    const written = `${name}=${quoted(name, value)}`
    text = text.replace(line, () => written)
  }
  return text
}

/** Quotes a value so that Node, Docker Compose and a shell read the same: single quotes need no escapes. */
function quoted(name: string, value: string): string {
  if (/^[\w.,:/@+%=*-]*$/.test(value)) return value
  if (/['\r\n]/.test(value)) throw new ConfigError(`${name} must have no line break and no ' in it, to stand in .env.`)
  return `'${value}'`
}

/** Writes the file, readable by its owner only. @throws ConfigError if it exists: it is never overwritten */
export async function writeEnv(file: string, text: string): Promise<void> {
  await writeFile(file, text, { flag: 'wx', mode: 0o600 }).catch((error) => {
    if (error.code === 'EEXIST')
      throw new ConfigError(`${file} is there already, and its keys may be in use: it is not overwritten.`)
    throw error
  })
}
