import './runtime/fast-loading.ts'

await import('./processes/all-in-one.ts')
