import { execFile } from 'node:child_process'

/** `node .ci/audit.mjs` fails on severe known vulnerabilities in production packages. It passes if the registry does not answer. */
execFile('npm', ['audit', '--omit=dev', '--json'], { maxBuffer: 2 ** 26, timeout: 60_000 }, (_error, stdout) => {
  const report = parse(stdout)
  if (!report?.metadata?.vulnerabilities) {
    say('npm audit: skipped, because the registry did not answer.')
    return
  }
  const severe = Object.values(report.vulnerabilities).filter(({ severity }) => ['high', 'critical'].includes(severity))
  for (const { name, severity, range, fixAvailable } of severe) {
    say(
      `npm audit: ${name} ${range} has a vulnerability (${severity}). ${fixAvailable ? 'Run npm audit fix' : 'There is no fixed version'}.`,
    )
  }
  if (severe.length === 0) say('npm audit: no severe vulnerability is known in production packages.')
  process.exitCode = severe.length === 0 ? 0 : 1
})

const say = (line) => process.stderr.write(`${line}\n`)

function parse(text) {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
