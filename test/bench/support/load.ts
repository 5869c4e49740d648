import { spawn } from 'node:child_process'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { endsWithUs } from './ends-with-us.ts'

export interface Load {
  url: string
  connections: number
  seconds: number
  /** requests a second over all connections; as many as are answered where nothing is said */
  rate?: number
  /** with a rate: all connections send their share of a second at its beginning, instead of one after the other */
  bursts?: boolean
  /** bodies to POST, each once; GET where there are none */
  forms?: string[]
}

export interface Answered {
  /** milliseconds */
  p50: number
  p97_5: number
  p99: number
  answers: number
  /** of them 3xx */
  redirects: number
  /** answers a second */
  rate: number
}

/** Load on an address of this machine, from a process of its own: it would otherwise take turns with the server it times. */
export async function load(task: Load): Promise<Answered> {
  const worker = fileURLToPath(new URL('load-worker.ts', import.meta.url))
  const child = endsWithUs(spawn(process.execPath, [worker], { stdio: ['pipe', 'pipe', 'inherit'] }))
  child.stdin.end(JSON.stringify(task))
  return JSON.parse(await text(child.stdout))
}
