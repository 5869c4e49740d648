import { closeIsolate } from '../lib/isolated.ts'

/** Columns of a line in a plain-text email. */
const COLUMNS = 72

// Characters of Chinese, Japanese and Korean, full-width forms and emoji fill two columns of a fixed-width font.
const WIDE =
  '\\u1100-\\u115f\\u2e80-\\ua4cf\\uac00-\\ud7a3\\uf900-\\ufaff\\ufe30-\\ufe4f\\uff00-\\uff60\\uffe0-\\uffe6\\u{1f300}-\\u{1faff}\\u{20000}-\\u{3fffd}'
/** May not end a line. */
const OPENING = '（〔［｛《〈「『【“‘(\\['
/** May not begin a line. */
const CLOSING = '，。、；：？！）〕］｝》〉」』】”’…—・·,.;:?!)\\]%'

/** One wide character or a run of narrow ones, with the punctuation around it. */
const UNIT = `[${OPENING}]*(?:[${WIDE}]|(?:(?![${OPENING}]*[${WIDE}])[^\\u00a0\\u202f])+)[${CLOSING}]*`
/**
 * What stays together. Between two pieces a line may end without a space (Unicode UAX 14: break around ideographs, not before
 * closing or after opening punctuation, nor at a no-break space).
 */
const PIECES = new RegExp(
  `[\\u00a0\\u202f]*(?:${UNIT}[\\u00a0\\u202f]*)(?:(?<=[\\u00a0\\u202f])${UNIT}[\\u00a0\\u202f]*)*`,
  'gu',
)
const ANY_WIDE = /[\u1100-\u115f\u2e80-\uffe6\u{1f300}-\u{3fffd}]/u
const EACH_WIDE = new RegExp(`[${WIDE}]`, 'gu')
/** Combining marks and joiners fill no column. */
const NO_WIDTH = /\p{Mn}|\p{Me}|\u200b|\u200c|\u200d/gu

/** Counts the columns that a text fills in a fixed-width font. */
export function displayWidth(text: string): number {
  if (!ANY_WIDE.test(text)) return text.length
  return [...text.replace(NO_WIDTH, '').replace(EACH_WIDE, '  ')].length
}

/** Wraps text at 72 columns and indents every line. A longer word stays whole; a no-break space keeps its words on one line. */
export function wrap(text: string, indent = ''): string {
  const room = COLUMNS - indent.length
  const lines: string[] = []
  let line = ''
  let width = 0
  const add = (piece: string, space: '' | ' ') => {
    const wide = displayWidth(piece)
    if (line !== '' && width + space.length + wide > room) {
      lines.push(line)
      line = piece
      width = wide
    } else {
      line += space + piece
      width += space.length + wide
    }
  }
  for (const word of text.split(/[ \t\r\n]+/)) {
    if (word === '') continue
    const pieces = ANY_WIDE.test(word) ? word.match(PIECES)! : [word]
    pieces.forEach((piece, at) => {
      add(piece, at === 0 && line !== '' ? ' ' : '')
    })
  }
  // Lines are broken now, and each no-break space would be encoded as six characters.
  return eachIsolated([...lines, line])
    .map((each) => indent + each.replace(/[\u00a0\u202f]/g, ' '))
    .join('\n')
}

/** Ends an isolate (lib/isolated.ts) with its line and begins it again on the next one: a line break would end it. */
function eachIsolated(lines: readonly string[]): string[] {
  let opening = ''
  return lines.map((line) => {
    const begun = opening + line
    const whole = closeIsolate(begun)
    opening = whole === begun ? '' : '\u2068'
    return whole
  })
}

/** Cuts or pads a text to a number of columns. A cut text ends with an ellipsis. */
export function fitColumns(text: string, columns: number): string {
  let shown = text
  while (displayWidth(shown) > columns) shown = `${[...shown].slice(0, shown.endsWith('…') ? -2 : -1).join('')}…`
  return shown + ' '.repeat(columns - displayWidth(shown))
}
