import './runtime/fast-loading.ts'

await import('./processes/api.ts')
