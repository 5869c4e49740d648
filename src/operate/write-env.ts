import { randomBytes } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { ConfigError, readEnvironment } from '../runtime/config/config.ts'

const TEMPLATE = new URL('../../.env.example', import.meta.url)

/** Made at random: 32 bytes as hex digits, which no URL, shell or file of settings gives a meaning. */
const MADE = ['SECRET_KEY', 'SUPPRESSION_KEY', 'POSTGRES_PASSWORD', 'METRICS_TOKEN']

/**
 * The text of an `.env` file: `.env.example` with these values, and with fresh keys.
 *
 * @param values by variable; one that stands behind a `#` in the example is put in force
 * @throws ConfigError naming the values that are wrong, and never showing them
 */
export async function envText(values: Readonly<Record<string, string>>): Promise<string> {
  const made = Object.fromEntries(MADE.map((name) => [name, randomBytes(32).toString('hex')]))
  const all: Record<string, string> = { ...made, ...values }
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

/** So that Node, Docker Compose and a shell read the same: in single quotes nothing has a meaning. */
function quoted(name: string, value: string): string {
  if (/^[\w.,:/@+%=*-]*$/.test(value)) return value
  if (/['\r\n]/.test(value)) throw new ConfigError(`${name} must have no line break and no ' in it, to stand in .env.`)
  return `'${value}'`
}

/** Writes it, readable by its owner alone. @throws ConfigError when there is such a file: it is never overwritten */
export async function writeEnv(file: string, text: string): Promise<void> {
  await writeFile(file, text, { flag: 'wx', mode: 0o600 }).catch((error) => {
    if (error.code === 'EEXIST')
      throw new ConfigError(`${file} is there already, and its keys may be in use: it is not overwritten.`)
    throw error
  })
}
