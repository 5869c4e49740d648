/** Deeper nesting is no title; its braces stay as they are, which also bounds the work. */
const DEEPEST = 24

/** Reads what stands at the cursor, moves behind it and returns what to write for it. */
export type Reader = (cursor: Cursor) => string

interface Frame {
  end: number
  out: string
  math: boolean
  depth: number
}

/**
 * A place in a text with LaTeX in it and what was made of the text so far. It never goes back further than into an argument once,
 * so that reading takes time in proportion to the text, whatever the text is.
 */
export class Cursor {
  at = 0
  math = false
  private afterName = false
  private nameNext = false
  /** the last two characters written, also before the argument that is being read */
  tail = ''
  /** “ that wait for their ” */
  openQuotes = 0
  /** where the ’ of a ‘ stands */
  closingSingle = -1
  readonly text: string
  end: number
  private out = ''
  private depth = 0
  private readonly step: Reader
  private readonly closings: Int32Array
  private readonly lastQuote: number

  constructor(text: string, step: Reader) {
    this.text = text
    this.end = text.length
    this.step = step
    this.closings = matchBraces(text)
    this.lastQuote = Math.max(text.lastIndexOf("''"), text.lastIndexOf('"'), text.lastIndexOf("\\'\\'"))
  }

  get last(): string {
    return this.tail.slice(-1)
  }

  char(offset = 0): string {
    return this.at + offset < this.end ? this.text.charAt(this.at + offset) : ''
  }

  /** Whether a “ at this place could still find its ”. */
  get quoteCloses(): boolean {
    return this.lastQuote > this.at
  }

  /** A word, parted from a letter or digit before it. */
  spaced(text: string): string {
    return text !== '' && /[\p{L}\p{N}]$/u.test(this.last) ? ` ${text}` : text
  }

  /** The same, and parted from what comes after it: "log" in n log n. */
  name(text: string): string {
    this.nameNext = true
    return this.spaced(text)
  }

  private write(text: string): void {
    if (text === '') return
    const spaced = this.afterName && /^[\p{L}\p{N}]/u.test(text) ? ` ${text}` : text
    this.afterName = this.nameNext
    this.nameNext = false
    this.out += spaced
    this.tail = (this.tail + spaced.slice(-2)).slice(-2)
  }

  /** Matches a sticky expression here, without moving. */
  look(sticky: RegExp): string | undefined {
    sticky.lastIndex = this.at
    const found = sticky.exec(this.text)?.[0]
    return found !== undefined && this.at + found.length <= this.end ? found : undefined
  }

  /** The end of the group that opens at `from`, when it ends inside what is being read; undefined for a lone brace. */
  closingOf(from = this.at): number | undefined {
    const closing = this.text[from] === '{' && this.depth < DEEPEST ? this.closings[from]! : 0
    return closing > from && closing < this.end ? closing : undefined
  }

  /** Reads a part of the text on its own and returns what was made of it. */
  read(from: number, to: number, math = this.math): string {
    const frame: Frame = { end: this.end, out: this.out, math: this.math, depth: this.depth }
    const tail = this.tail
    Object.assign(this, { at: from, end: to, out: '', math, depth: frame.depth + 1 })
    while (this.at < this.end) this.write(this.step(this))
    const made = this.out
    Object.assign(this, frame, { tail })
    this.at = to
    return made
  }

  /** Moves over what was matched, and returns what to write for it. */
  over(read: string, written = read): string {
    this.at += read.length
    return written
  }

  /** Reads the group `{…}` here, if there is a whole one, and moves behind it. */
  group(math = this.math): string | undefined {
    const closing = this.closingOf()
    if (closing === undefined) return undefined
    const made = this.read(this.at + 1, closing, math)
    this.at = closing + 1
    return made
  }

  /** What a command applies to: a group, or in maths the one letter or digit behind it. */
  argument(math = this.math): string | undefined {
    const single = this.math ? this.look(/ *[\p{L}\d]/uy) : undefined
    return this.group(math) ?? (single === undefined ? undefined : this.over(single).trim())
  }

  /** A group as it stands, for what is no text, such as a link. */
  rawGroup(): string | undefined {
    const closing = this.closingOf()
    if (closing === undefined) return undefined
    const raw = this.text.slice(this.at + 1, closing)
    this.at = closing + 1
    return raw
  }
}

/** For each `{` where its `}` is, 0 where there is none; escaped braces are no braces. */
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
