import { enableCompileCache } from 'node:module'

// A command is over in a moment; a third of that would go into compiling the same files anew each time.
enableCompileCache()
await import('./program.ts')
