/** Deeper braces stay unchanged. No title nests deeper, and the limit bounds the work. */
const DEEPEST = 24

/** Reads at the cursor, moves past it and returns the text to write. */
export type Reader = (cursor: Cursor) => string

interface Frame {
  end: number
  out: string
  math: boolean
  depth: number
}

/**
 * A position in a text with LaTeX, and the output so far.
 * It never goes back further than into an argument once, so the time is linear for every text.
 */
export class Cursor {
  at = 0
  math = false
  private afterName = false
  private nameNext = false
  /** the last two characters written, including those before the current argument */
  tail = ''
  /** number of “ without their ” */
  openQuotes = 0
  /** position of the ’ for an open ‘ */
  closingSingle = -1
  readonly text: string
  end: number
  private out = ''
  private depth = 0
  private readonly step: Reader
  private readonly closings: Int32Array
  private readonly lastQuote: number
  private readonly lastDisplay: number

  constructor(text: string, step: Reader) {
    this.text = text
    this.end = text.length
    this.step = step
    this.closings = matchBraces(text)
    this.lastQuote = Math.max(text.lastIndexOf("''"), text.lastIndexOf('"'), text.lastIndexOf("\\'\\'"))
    this.lastDisplay = Math.max(...['\\)', '\\]', '\\end'].map((end) => text.lastIndexOf(end)))
  }

  get last(): string {
    return this.tail.slice(-1)
  }

  char(offset = 0): string {
    return this.at + offset < this.end ? this.text.charAt(this.at + offset) : ''
  }

  /** Whether a ” may follow a “ at this position. */
  get quoteCloses(): boolean {
    return this.lastQuote > this.at
  }

  /** Whether a formula that starts with \( \[ or \begin may end after this position. */
  get formulaEnds(): boolean {
    return this.lastDisplay > this.at
  }

  /** Returns a word, with a space after a letter or digit. */
  spaced(text: string): string {
    return text !== '' && /[\p{L}\p{N}]$/u.test(this.last) ? ` ${text}` : text
  }

  /** Like `spaced`, and ends the word: "log" in n log n. */
  name(text: string): string {
    return this.ended(this.spaced(text))
  }

  /** Returns the text, with a space before the next letter or digit on the line: 1/2 x, x^α y. */
  ended(text: string): string {
    this.nameNext = true
    return text
  }

  private write(text: string): void {
    if (text === '') return
    // Superscripts and subscripts, of \p{Lm} and \p{No}, stay at their name: log₂ n.
    const spaced = this.afterName && /^[\p{Lu}\p{Ll}\p{Lo}\p{Nd}]/u.test(text) ? ` ${text}` : text
    this.afterName = this.nameNext
    this.nameNext = false
    this.out += spaced
    this.tail = (this.tail + spaced.slice(-2)).slice(-2)
  }

  /** Matches a sticky expression at the cursor without moving it. */
  look(sticky: RegExp): string | undefined {
    sticky.lastIndex = this.at
    const found = sticky.exec(this.text)?.[0]
    return found !== undefined && this.at + found.length <= this.end ? found : undefined
  }

  /** Returns the closing brace of the group at `from`. Undefined when it is not inside the current range. */
  closingOf(from = this.at): number | undefined {
    const closing = this.text[from] === '{' && this.depth < DEEPEST ? this.closings[from]! : 0
    return closing > from && closing < this.end ? closing : undefined
  }

  /** Converts a part of the text on its own and returns the output. */
  read(from: number, to: number, math = this.math): string {
    const frame: Frame = { end: this.end, out: this.out, math: this.math, depth: this.depth }
    const tail = this.tail
    Object.assign(this, { at: from, end: to, out: '', math, depth: frame.depth + 1 })
    while (this.at < this.end) this.write(this.step(this))
    const made = this.out
    // Write sets off what follows the group, but nothing that follows a formula: {\log} n, and logs in $\log$s.
    const nameNext = made !== '' && this.afterName && math === frame.math
    Object.assign(this, frame, { tail, nameNext, afterName: made === '' && this.afterName })
    this.at = to
    return made
  }

  /** Moves past the matched text, and returns the text to write. */
  over(read: string, written = read): string {
    this.at += read.length
    return written
  }

  /** Reads the complete group `{…}` at the cursor, if any, and moves past it. */
  group(math = this.math): string | undefined {
    const closing = this.closingOf()
    if (closing === undefined) return undefined
    const made = this.read(this.at + 1, closing, math)
    this.at = closing + 1
    return made
  }

  /** Reads a command's argument: a group, or in maths the next letter, digit or command (\hat\theta). */
  argument(math = this.math): string | undefined {
    return this.short(math) ?? (this.math ? this.command() : undefined)
  }

  /** Reads a group, or in maths the next letter or digit: \frac12. */
  short(math = this.math): string | undefined {
    const start = this.at
    this.over(this.look(/ +(?=\{)/y) ?? '')
    const made = this.group(math)
    if (made !== undefined) return made
    this.at = start
    const single = this.math ? this.look(/ *[\p{L}\d]/uy) : undefined
    return single === undefined ? undefined : this.over(single).trim()
  }

  /** Reads a command as an argument. */
  command(): string | undefined {
    const spaces = this.look(/ *(?=\\[A-Za-z])/y)
    if (spaces === undefined || this.depth >= DEEPEST) return undefined
    this.depth++
    this.over(spaces)
    const made = this.step(this)
    this.depth--
    return made
  }

  /** Reads a group without conversion, for content such as links. */
  rawGroup(): string | undefined {
    const closing = this.closingOf()
    if (closing === undefined) return undefined
    const raw = this.text.slice(this.at + 1, closing)
    this.at = closing + 1
    return raw
  }
}

/** Returns the position of each `{`'s closing brace, or 0 without one. Escaped braces are skipped. */
function matchBraces(text: string): Int32Array {
  const closings = new Int32Array(text.length)
  const open: number[] = []
  for (let i = 0; i < text.length; i++) {
    const char = text[i]
    if (char === '\\') i++
    else if (char === '{') open.push(i)
    else if (char === '}') {
      const opening = open.pop()
      if (opening !== undefined) closings[opening] = i
    }
  }
  return closings
}
