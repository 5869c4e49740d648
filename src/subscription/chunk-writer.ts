import type { Row } from './import-rows.ts'

/** Rows per statement. */
const CHUNK = 2000

/**
 * Collects rows and writes them in chunks. While the database stores one chunk, the next is read.
 * Disposing waits for the chunk in progress, so that no write goes on after the caller's transaction.
 */
export class ChunkWriter implements AsyncDisposable {
  readonly #write: (rows: Row[]) => Promise<void>
  #chunk: Row[] = []
  #writing: Promise<void> = Promise.resolve()

  constructor(write: (rows: Row[]) => Promise<void>) {
    this.#write = write
  }

  /** Returns whether the row completed a chunk. @throws the error of an earlier chunk */
  async add(row: Row): Promise<boolean> {
    this.#chunk.push(row)
    if (this.#chunk.length < CHUNK) return false
    await this.#flush()
    return true
  }

  /** Writes the rest, and waits until all is written. */
  async finish(): Promise<void> {
    await this.#flush()
    await this.#writing
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#writing.catch(() => {}) // `add` or `finish` throws it
  }

  async #flush(): Promise<void> {
    await this.#writing
    const rows = this.#chunk
    this.#chunk = []
    this.#writing = this.#write(rows)
    this.#writing.catch(() => {}) // the next `add` or `finish` awaits it and throws
  }
}
