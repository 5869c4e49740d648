import { once } from 'node:events'
import type { Command } from 'commander'
import { print } from '../lib/terminal.ts'

/** Prints a command's result: the sentence, or the value with --json. */
export function report(command: Command, value: object, sentence: string): void {
  print(command.optsWithGlobals().json ? JSON.stringify(value) : sentence)
}

/** Writes chunks to standard output, no faster than its reader takes them. */
export async function writeChunks(chunks: AsyncIterable<string>): Promise<void> {
  for await (const chunk of chunks) if (!process.stdout.write(chunk)) await once(process.stdout, 'drain')
}
