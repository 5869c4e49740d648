/** Loaded before a process: prints each `performance.mark` with its time since the start and the CPU time so far, in milliseconds. */
const { mark } = performance
performance.mark = (name, options) => {
  const { user, system } = process.cpuUsage()
  process.stderr.write(`mark ${JSON.stringify({ name, ms: performance.now(), cpuMs: (user + system) / 1000 })}\n`)
  return mark.call(performance, name, options)
}
