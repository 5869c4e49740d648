import type { Message } from './message.ts'

/** Room for header fields that need the finished message, such as its signatures. */
const HEADROOM_BYTES = 4 * 1024
const INITIAL_BYTES = 64 * 1024

/** A growing buffer that a message is written into. Reuse it: allocating 50 KB takes as long as filling them. */
export class MessageBuffer {
  #bytes = Buffer.allocUnsafeSlow(INITIAL_BYTES)
  #end = HEADROOM_BYTES

  reset(): void {
    this.#end = HEADROOM_BYTES
  }

  append(chunk: Buffer): void {
    const start = this.#end
    const end = start + chunk.length
    if (end > this.#bytes.length) {
      const larger = Buffer.allocUnsafeSlow(2 * end)
      this.#bytes.copy(larger, 0, 0, start)
      this.#bytes = larger
    }
    this.#bytes.set(chunk, start)
    this.#end = end
  }

  /** Appends text at one byte per character, such as headers and boundaries. */
  appendLatin1(text: string): void {
    const end = this.#end + text.length
    if (end > this.#bytes.length) this.append(Buffer.from(text, 'latin1'))
    else {
      this.#bytes.write(text, this.#end, 'latin1')
      this.#end = end
    }
  }

  /** Returns the written bytes as a view, which holds until the buffer is reset. */
  written(): Buffer {
    return this.#bytes.subarray(HEADROOM_BYTES, this.#end)
  }

  /** Returns the written bytes as a message with headroom, which holds until the buffer is reset. */
  toMessage(): Message {
    return { bytes: this.written(), headroom: HEADROOM_BYTES }
  }
}

/** As many as connections are common; each holds a message. */
const MAX_SPARE = 40

/** Keeps used buffers for later messages. */
export class BufferPool {
  readonly #spare: MessageBuffer[] = []

  acquire(): MessageBuffer {
    return this.#spare.pop() ?? new MessageBuffer()
  }

  /** Takes back a buffer. Releasing it twice would put two messages into the same memory. */
  release(buffer: MessageBuffer): void {
    if (this.#spare.length < MAX_SPARE) this.#spare.push(buffer)
  }
}
