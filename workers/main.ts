import '../src/runtime/fast-loading.ts'

await import('./process.ts')
