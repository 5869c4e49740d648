/** A longer reply is not an SMTP server's. */
const MAX_CHARACTERS = 65_536

/** Cuts what a relay sends into replies: a reply ends with a line that has no hyphen behind its code (RFC 5321 § 4.2.1). */
export class ReplyReader {
  /** the start of a reply that is not yet complete, one character per byte */
  #text = ''
  /** where the line begins that is not yet complete */
  #line = 0

  /** @returns the replies that this chunk completes, without their last line break. @throws Error for an endless reply */
  read(chunk: Buffer): string[] {
    this.#text += chunk.toString('latin1')
    const replies: string[] = []
    for (let end = this.#lineEnd(); end >= 0; end = this.#lineEnd()) {
      const continues = /^\d{3}-/.test(this.#text.slice(this.#line, this.#line + 4))
      this.#line = end + 1
      if (continues) continue
      const reply = this.#text.slice(0, end).trimEnd()
      this.#text = this.#text.slice(this.#line)
      this.#line = 0
      if (reply !== '') replies.push(decode(reply))
    }
    if (this.#text.length > MAX_CHARACTERS) throw new Error('the relay sent a reply without an end')
    return replies
  }

  #lineEnd(): number {
    return this.#text.indexOf('\n', this.#line)
  }
}

/** Replies may be UTF-8 (RFC 6531 § 3.7.4). */
const decode = (latin1: string): string => {
  for (let at = 0; at < latin1.length; at++)
    if (latin1.charCodeAt(at) > 127) return Buffer.from(latin1, 'latin1').toString('utf8')
  return latin1
}
