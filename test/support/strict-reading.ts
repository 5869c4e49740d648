const utf8 = new TextDecoder('utf-8', { fatal: true })

/** Header fields of every email; RFC 5322 § 3.6 allows each once. */
const EVERY = ['From', 'To', 'Subject', 'Date', 'Message-ID', 'MIME-Version', 'Content-Type', 'Auto-Submitted']

/**
 * Reads a message as the strictest software does, and returns what it would object to: RFC 5322 (lines, fields), RFC 2047 (encoded
 * words), RFC 2045 and 2046 (boundaries, encodings).
 *
 * @param raw one character per byte
 */
export function readStrictly(raw: string): string[] {
  const problems: string[] = []
  const object = (isWrong: boolean, what: string) => {
    if (isWrong) problems.push(what)
  }
  object(/[^\r]\n|\r[^\n]|^\n/.test(raw) || !raw.endsWith('\r\n'), 'a line break that is not CRLF')
  object(/[^\r\n\t\x20-\x7e]/.test(raw), 'a character that is not printable ASCII')
  const [head, body] = split(raw)
  const fields = head.split(/\r\n(?![ \t])/)
  const names = fields.map((field) => field.slice(0, field.indexOf(':')).toLowerCase())
  for (const name of EVERY) object(!names.includes(name.toLowerCase()), `no ${name}`)
  object(new Set(names).size < names.length, 'a repeated field')
  for (const field of fields) {
    object(!/^[!-9;-~]+: ?[\s\S]*\S$/.test(field), `a malformed field: ${field}`)
    // A link cannot be folded.
    const long = field.split('\r\n').filter((line) => line.length > 78 && / /.test(line.replace(/^[\w-]+:/, '').trim()))
    object(long.length > 0, `long lines: ${long}`)
    object(
      field.split('\r\n').some((line) => line.length > 998 || line.trim() === ''),
      `a bad fold: ${field}`,
    )
    for (const [word, encoding, text] of field.matchAll(/=\?UTF-8\?([BQ])\?([^?]*)\?=/gi)) {
      object(word.length > 75, `a long encoded word: ${word}`)
      object(
        !isUtf8(encoding === 'B' ? Buffer.from(text!, 'base64') : unquoted(text!.replaceAll('_', ' '))),
        `a split letter: ${word}`,
      )
    }
  }
  object(!/^Message-ID: <[\w.-]+@[\w.-]+>$/m.test(head.replaceAll('\r', '')), 'a malformed Message-ID')
  object(
    !/^Date: [A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d \+0000\r$/m.test(`${head}\r`),
    'a malformed Date',
  )
  const boundary = /^Content-Type: multipart\/alternative;\s+boundary="([^"]{1,70})"/m.exec(head)?.[1]
  if (boundary === undefined) return [...problems, ...readPart(raw, 'text/plain')]
  const parts = `\r\n${body}`.split(`\r\n--${boundary}`)
  object(parts.length !== 4 || parts[0] !== '' || !/^--\s*$/.test(parts[3]!), 'parts that are not two')
  const types = ['text/plain', 'text/html']
  return [...problems, ...parts.slice(1, 3).flatMap((part, at) => readPart(part.replace(/^\r\n/, ''), types[at]!))]
}

function readPart(part: string, type: string): string[] {
  const problems: string[] = []
  const object = (isWrong: boolean, what: string) => {
    if (isWrong) problems.push(`${type}: ${what}`)
  }
  const [head, body] = split(part)
  object(!new RegExp(`^Content-Type: ${type}; charset=utf-8\r?$`, 'm').test(head), 'another type or charset')
  const encoding = /^Content-Transfer-Encoding: (\S+)/m.exec(head)?.[1]
  object(encoding !== 'quoted-printable' && encoding !== '7bit', `encoding ${encoding}`)
  for (const line of body.split('\r\n')) {
    object(line.length > (encoding === '7bit' ? 998 : 76), `a long line: ${line}`)
    object(/[ \t]$/.test(line), `white space at the end: ${line}`)
    object(line.startsWith('From '), `mailboxes would change: ${line}`)
    object(encoding !== '7bit' && /=(?![0-9A-F]{2}|$)/.test(line), `a = that encodes nothing: ${line}`)
  }
  const bytes = encoding === '7bit' ? Buffer.from(body, 'latin1') : unquoted(body)
  object(!isUtf8(bytes), 'no UTF-8')
  object(type === 'text/html' && bytes.length > 100_000, `${bytes.length} bytes, of which Gmail hides the end`)
  object(
    /[\p{Cc}\u2028\u2029\ufeff\u202a-\u202e]/u.test(bytes.toString().replace(/[\r\n]/g, '')),
    'an invisible character',
  )
  return problems
}

const split = (text: string): [string, string] => {
  const end = text.indexOf('\r\n\r\n')
  return [text.slice(0, end), text.slice(end + 4)]
}

const unquoted = (text: string): Buffer =>
  Buffer.from(
    text
      .replaceAll('=\r\n', '')
      .replace(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
    'latin1',
  )

function isUtf8(bytes: Buffer): boolean {
  try {
    utf8.decode(bytes)
    return true
  } catch {
    return false
  }
}
