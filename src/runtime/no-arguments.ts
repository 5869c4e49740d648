/**
 * Refuses the arguments of a service that takes none. Otherwise someone would believe that "--port 80" had taken effect.
 *
 * @param usage what `--help` prints
 * @returns whether the service may start
 */
export function hasNoArguments(usage: string): boolean {
  const [first] = process.argv.slice(2)
  if (first === undefined) return true
  if (first === '--help' || first === '-h') {
    process.stdout.write(usage)
    return false
  }
  process.stderr.write(`Unknown argument: ${first.replace(/\p{Cc}/gu, '\ufffd')}\n\n${usage}`)
  process.exitCode = 2
  return false
}
