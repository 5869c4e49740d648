import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

const ROOT = new URL('../..', import.meta.url)

interface Loading {
  /** the files it loaded, relative to the repository where they are in it */
  files: string[]
  /** the packages that Node looked up for our files, each as often as it did so */
  lookUps: string[]
}

/** Runs the command in a process that lists what it loads. */
async function loadingOf(args: string[]): Promise<Loading> {
  const list = `
    import { registerHooks } from 'node:module'
    const files = [], lookUps = []
    registerHooks({
      resolve(specifier, context, next) {
        if (/^[^.:]+$/.test(specifier) && context.parentURL?.endsWith('.ts')) lookUps.push(specifier)
        return next(specifier, context)
      },
      load: (url, context, next) => (files.push(url), next(url, context)),
    })
    process.on('exit', () => console.error(JSON.stringify({ files, lookUps })))`
  const { stderr } = await promisify(execFile)(
    process.execPath,
    ['--import', `data:text/javascript,${encodeURIComponent(list)}`, 'src/cli/main.ts', ...args],
    { cwd: ROOT },
  )
  const { files, lookUps } = JSON.parse(stderr.trim().split('\n').at(-1)!) as Loading
  return { files: files.map((url) => url.replace(ROOT.href, '')), lookUps }
}

test('help loads no command, and no library but the one that parses options', async () => {
  const { files } = await loadingOf(['--help'])
  const own = files.filter((file) => file.startsWith('src/')).sort()
  expect(own).toEqual([
    'src/cli/main.ts',
    'src/cli/program.ts',
    'src/runtime/config/version.ts',
    'src/runtime/fast-loading.ts',
  ])
  const packages = files.flatMap((file) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(file)?.[1] ?? [])
  expect([...new Set(packages)]).toEqual(['commander'])
})

test('a command loads no other command', async () => {
  const { files } = await loadingOf(['dkim', '--help'])
  const commands = files.filter((file) => /^src\/cli\/(?!main|program|output|options|with-services)/.test(file))
  expect(commands).toEqual(['src/cli/dkim.ts'])
})

test('a package is looked up once, however many files import it', async () => {
  const { lookUps } = await loadingOf(['status', '--help'])
  expect(lookUps).toContain('drizzle-orm')
  expect(lookUps).toEqual([...new Set(lookUps)])
})

test('a package that is imported and required has its own file for each', async () => {
  const code = `
    import { createRequire } from 'node:module'
    await import('./src/runtime/fast-loading.ts')
    await import('./src/runtime/config/own-sources.ts') // imports zod
    const require = createRequire(process.cwd() + '/src/any.ts')
    console.log(require.resolve('zod').split('/').at(-1), typeof require('zod').z.object)`
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', code], { cwd: ROOT })
  expect(stdout).toBe('index.cjs function\n')
})
