import '../runtime/fast-loading.ts'

const { CommanderError } = await import('commander')
const { createProgram } = await import('./program.ts')

async function fail(error: unknown): Promise<void> {
  process.exitCode ||= 1
  const { isEnding } = await import('../embedded/clean-up-on-signal.ts')
  if (isEnding()) return
  const { printError } = await import('../lib/terminal.ts')
  const { describeError } = await import('../runtime/process.ts')
  printError(`paperboy: ${describeError(error)}`)
}

// A full disk, for example. A reader that has enough, such as `head`, is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => error.code === 'EPIPE' || void fail(error))

try {
  const program = await createProgram(process.argv.slice(2))
  await program.parseAsync()
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? process.exitCode : 2
  else {
    await fail(error)
    await new Promise((done) => process.stdout.write('', done))
    const { isEnding } = await import('../embedded/clean-up-on-signal.ts')
    // Ours is closed. A login that failed half-way leaves pg's connection open until the server ends it, a minute later.
    if (!isEnding()) process.exit()
  }
}
