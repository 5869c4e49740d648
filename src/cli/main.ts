import { enableCompileCache } from 'node:module'

// Commands are short, and a third of their time would go into compiling the same files each time.
enableCompileCache()
await import('./program.ts')
