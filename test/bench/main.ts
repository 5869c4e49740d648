import { readdirSync } from 'node:fs'

/** `npm run bench -- NAME …`: runs NAME.bench.ts beside this file. Each prints ratios of measurements from the same run. */
const names = readdirSync(import.meta.dirname)
  .filter((file) => file.endsWith('.bench.ts'))
  .map((file) => file.replace('.bench.ts', ''))
const [name, ...rest] = process.argv.slice(2)

if (name && names.includes(name)) {
  await using stack = new AsyncDisposableStack()
  // An interrupted benchmark stops its databases and servers.
  let ending: Promise<void> | undefined
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      ending ??= stack.disposeAsync().finally(() => process.exit(1))
    })
  }
  const { bench } = (await import(`./${name}.bench.ts`)) as {
    bench: (args: string[], stack: AsyncDisposableStack) => Promise<void>
  }
  await bench(rest, stack).catch(async (error) => {
    await ending
    throw error
  })
} else {
  console.error(`Usage: npm run bench -- ${names.join(' | ')} [options]`)
  process.exitCode = 2
}
