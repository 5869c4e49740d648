import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

const ROOT = new URL('../..', import.meta.url)

/** Runs the command in a process that lists the files it loaded. @returns their paths, relative to the repository where they are in it */
async function filesLoadedBy(args: string[]): Promise<string[]> {
  const list = `
    import { registerHooks } from 'node:module'
    const loaded = []
    registerHooks({ load: (url, context, next) => (loaded.push(url), next(url, context)) })
    process.on('exit', () => console.error(JSON.stringify(loaded)))`
  const { stderr } = await promisify(execFile)(
    process.execPath,
    ['--import', `data:text/javascript,${encodeURIComponent(list)}`, 'src/cli/main.ts', ...args],
    { cwd: ROOT },
  )
  return (JSON.parse(stderr.trim().split('\n').at(-1)!) as string[]).map((url) => url.replace(ROOT.href, ''))
}

test('help loads no command, and no library but the one that parses options', async () => {
  const loaded = await filesLoadedBy(['--help'])
  const own = loaded.filter((file) => file.startsWith('src/')).sort()
  expect(own).toEqual([
    'src/cli/main.ts',
    'src/cli/program.ts',
    'src/runtime/config/version.ts',
    'src/runtime/fast-loading.ts',
  ])
  const packages = loaded.flatMap((file) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(file)?.[1] ?? [])
  expect([...new Set(packages)]).toEqual(['commander'])
})

test('a command loads no other command', async () => {
  const loaded = await filesLoadedBy(['dkim', '--help'])
  const commands = loaded.filter((file) => /^src\/cli\/(?!main|program|output|options|with-services)/.test(file))
  expect(commands).toEqual(['src/cli/dkim.ts'])
})
