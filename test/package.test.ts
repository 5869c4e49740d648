import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

const CHECK = 'node -r ./src/require-node.cjs '

interface Locked {
  optional?: boolean
  os?: string[]
  cpu?: string[]
  engines?: { node?: string }
}

/**
 * npm leaves out an optional package, with all that depends on it, when a package of its tree asks for a newer Node. It says nothing.
 * That is why @fastify/static, which only the local mailbox needs, is a development dependency: so its tree is not optional.
 */
test('npm on Node 20 installs every optional package that its machine can run', () => {
  const { packages } = JSON.parse(readFileSync(new URL('../package-lock.json', import.meta.url), 'utf8'))
  const optional = Object.entries(packages as Record<string, Locked>).filter(
    ([, { optional, os, cpu }]) => optional && !os && !cpu,
  )
  expect(optional.length).toBeGreaterThan(50)
  const tooNew = optional.filter(([, { engines }]) => /^\s*>=?\s*(?:2[1-9]|[3-9]\d)/.test(engines?.node ?? ''))
  expect(tooNew.map(([name]) => name)).toEqual([])
})

test('on an older Node, for which npm ran no install script, every command says what to do', () => {
  const root = new URL('../', import.meta.url)
  const { scripts } = JSON.parse(readFileSync(new URL('package.json', root), 'utf8')) as { scripts: object }
  const own = Object.entries(scripts).filter(([, script]) => /node .*(?:src|workers)\//.test(script))
  expect(own.map(([name]) => name)).toEqual(['start', 'api', 'worker', 'paperboy', 'demo', 'shots'])
  for (const [name, script] of own) expect([name, script]).toEqual([name, expect.stringContaining(CHECK)])
  const old = `data:text/javascript,Object.defineProperty(process.versions, 'node', { value: '20.20.2' }); process.getBuiltinModule('module').createRequire(${JSON.stringify(root)})('./src/require-node.cjs')`
  const { status, stderr } = spawnSync(process.execPath, ['--import', old, '-e', ''], { encoding: 'utf8' })
  expect([status, stderr]).toEqual([
    1,
    expect.stringMatching(/^Paperboy needs Node 24, and this is 20\.20\.2\. .*npm rebuild node/),
  ])
})
