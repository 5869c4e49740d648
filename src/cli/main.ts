import '../runtime/fast-loading.ts'

const { CommanderError } = await import('commander')
const { createProgram } = await import('./program.ts')

try {
  const program = await createProgram(process.argv.slice(2))
  await program.parseAsync()
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 2
  else {
    const { printError } = await import('../lib/terminal.ts')
    const { describeError } = await import('../runtime/process.ts')
    printError(`paperboy: ${describeError(error)}`)
    process.exitCode = 1
  }
}
