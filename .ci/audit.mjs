import { execFile } from 'node:child_process'

/** Known holes in the packages that run in production: `node .ci/audit.mjs` fails on grave ones. A registry that gives no answer decides nothing. */
execFile('npm', ['audit', '--omit=dev', '--json'], { maxBuffer: 2 ** 26, timeout: 60_000 }, (_error, stdout) => {
  const report = parse(stdout)
  if (!report?.metadata?.vulnerabilities) {
    say('npm audit: the registry gave no answer; known holes in packages were not looked for.')
    return
  }
  const grave = Object.values(report.vulnerabilities).filter(({ severity }) => ['high', 'critical'].includes(severity))
  for (const { name, severity, range, fixAvailable } of grave) {
    say(
      `npm audit: ${name} ${range} has a hole (${severity}); ${fixAvailable ? 'npm audit fix mends it' : 'no mended version is known'}.`,
    )
  }
  if (grave.length === 0) say('npm audit: no grave hole is known in the packages that run in production.')
  process.exitCode = grave.length === 0 ? 0 : 1
})

const say = (line) => process.stderr.write(`${line}\n`)

function parse(text) {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
