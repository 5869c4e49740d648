import { spawn } from 'node:child_process'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { endsWithUs } from './ends-with-us.ts'

export interface Load {
  url: string
  connections: number
  /** how long it lasts, but for forms without a rate: these are all sent */
  seconds: number
  /** requests per second over all connections; if absent, as many as the server answers */
  rate?: number
  /** with a rate: all connections send at the beginning of the second, not spread over it */
  bursts?: boolean
  /** bodies to POST, each once; without bodies, GET */
  forms?: string[]
}

export interface Answered {
  /** milliseconds */
  p50: number
  p97_5: number
  p99: number
  answers: number
  /** number of 3xx answers */
  redirects: number
  /** answers per second */
  rate: number
}

/** Puts load on a local URL from a separate process, so that it does not compete with the server's event loop. */
export async function load(task: Load): Promise<Answered> {
  const worker = fileURLToPath(new URL('load-worker.ts', import.meta.url))
  const child = endsWithUs(spawn(process.execPath, [worker], { stdio: ['pipe', 'pipe', 'inherit'] }))
  child.stdin.end(JSON.stringify(task))
  return JSON.parse(await text(child.stdout))
}
