import { once } from 'node:events'
import type { Command } from 'commander'
import { print } from '../lib/terminal.ts'

/** Prints a command's result: the sentence, or the value with --json. */
export function report(command: Command, value: object, sentence: string): void {
  print(command.optsWithGlobals().json ? JSON.stringify(value) : sentence)
}

/** Writes chunks to standard output, no faster than its reader takes them. @returns false if it did not take all; main.ts says why */
export async function writeChunks(chunks: AsyncIterable<string | Buffer>): Promise<boolean> {
  let failed = false
  const stop = () => {
    failed = true
  }
  process.stdout.once('error', stop)
  for await (const chunk of chunks) {
    if (!process.stdout.write(chunk)) await once(process.stdout, 'drain').catch(stop)
    if (failed) return false
  }
  await new Promise((done) => process.stdout.write('', done))
  process.stdout.off('error', stop)
  return !failed
}
