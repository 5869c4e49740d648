import { setFlagsFromString } from 'node:v8'

/**
 * Lets the heap grow as V8 does by default. Commands keep it small (package.json), which takes up to a fifth of the CPU where much
 * is allocated, for 20 MB.
 */
export const collectGarbageLate = (): void => setFlagsFromString('--heap-growing-percent=0')
