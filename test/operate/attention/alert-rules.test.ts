import { readFileSync } from 'node:fs'
import { expect } from 'vitest'
import { parse } from 'yaml'
import { ATTENTION_NAMES } from '../../../src/operate/attention/attention.ts'
import { test } from '../../http/site.ts'

interface Rule {
  alert: string
  expr: string
  for: string
  annotations: { summary: string }
}
const text = readFileSync(new URL('../../../docs/monitoring/alerts.yml', import.meta.url), 'utf8')
const rules: Rule[] = parse(text).groups.flatMap((group: { rules: Rule[] }) => group.rules)

test('/metrics has every metric that the alert rules name', async ({ site: { app } }) => {
  await app.inject('/healthz')
  const { body } = await app.inject('/metrics')
  const named = rules.flatMap(({ expr }) => expr.match(/\bpaperboy_\w+/g) ?? [])
  expect(named.length).toBeGreaterThanOrEqual(rules.length)
  for (const name of named) expect([name, new RegExp(`^${name}[{ ]`, 'm').test(body)]).toEqual([name, true])
})

test('every problem has an alert rule, and every rule a problem', async ({ site: { app } }) => {
  const { body } = await app.inject('/metrics')
  const exported = [...body.matchAll(/^paperboy_attention\{problem="(\w+)"\}/gm)].map(([, name]) => name)
  expect(exported.sort()).toEqual([...ATTENTION_NAMES].sort())
  const withRule = rules.flatMap(({ expr }) => /problem=~"([^"]+)"/.exec(expr)?.[1]?.split('|') ?? [])
  expect(withRule.sort()).toEqual([...ATTENTION_NAMES].sort())
})

test('every rule has a delay and a one-sentence summary', () => {
  for (const rule of rules) {
    expect([rule.alert, rule.for]).toEqual([rule.alert, expect.stringMatching(/^\d+[mh]$/)])
    expect(rule.annotations.summary).toMatch(/^[A-Z].+\.$/)
  }
})

interface Panel {
  id: number
  title: string
  gridPos: { x: number; y: number; w: number; h: number }
  targets: { expr: string }[]
}

test('the dashboard for Grafana shows only metrics that /metrics has, and no panel covers another', async ({
  site: { app },
}) => {
  await app.inject('/healthz')
  const { body } = await app.inject('/metrics')
  const file = new URL('../../../docs/monitoring/dashboard.json', import.meta.url)
  const { panels }: { panels: Panel[] } = JSON.parse(readFileSync(file, 'utf8'))
  const named = panels.flatMap(({ targets }) =>
    targets.flatMap(({ expr }) => expr.match(/\b(?:paperboy|nodejs|process)_\w+/g) ?? []),
  )
  expect(named.length).toBeGreaterThanOrEqual(panels.length)
  // A metric with labels has no line while nothing has happened, but always a type.
  const typed = new Set([...body.matchAll(/^# TYPE (\w+) (\w+)$/gm)].map(([, name]) => name))
  expect(named.filter((name) => !typed.has(name.replace(/_(?:bucket|count|sum)$/, '')))).toEqual([])
  const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
    Array.from({ length: w * h }, (_, cell) => `${x + (cell % w)} ${y + Math.floor(cell / w)}`),
  )
  expect(new Set(cells).size).toBe(cells.length)
  expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length)
})
