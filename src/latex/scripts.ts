/** Unicode superscripts and subscripts. */

const table = (plain: string, raised: string): Map<string, string> => {
  const to = [...raised]
  return new Map([...plain].map((char, i) => [char, to[i]!]))
}

const SUPER = table(
  '0123456789+-−=()abcdefghijklmnoprstuvwxyzABDEGHIJKLMNOPRTUVWβγδθφχ',
  '⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁼⁽⁾ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷˣʸᶻᴬᴮᴰᴱᴳᴴᴵᴶᴷᴸᴹᴺᴼᴾᴿᵀᵁⱽᵂᵝᵞᵟᶿᵠᵡ',
)
const SUB = table('0123456789+-−=()aehijklmnoprstuvxβγρφχ', '₀₁₂₃₄₅₆₇₈₉₊₋₋₌₍₎ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓᵦᵧᵨᵩᵪ')

/** Marks that are superscript already. */
const MARKS = new Map(
  Object.entries({
    '∘': '°',
    '°': '°',
    '⊤': 'ᵀ',
    '*': '*',
    '⋆': '*',
    '∗': '*',
    '†': '†',
    '‡': '‡',
    '′': '′',
    '′′': '″',
    '+': '⁺',
  }),
)

/** Superscript letters are hard to read, and screen readers spell them out. Longer words stay on the line. */
const LONGEST_RAISED_WORD = 3

const WORD = new RegExp(`[A-Za-z]{${LONGEST_RAISED_WORD + 1}}`)

/** 2 → ², "max" → ᵐᵃˣ. Text without Unicode superscripts becomes ^θ̂ or ^(update). */
export function superscript(content: string): string {
  const text = content.trim()
  return MARKS.get(text) ?? mapped(text, SUPER) ?? (isOne(text) ? `^${text}` : `^(${text})`)
}

/** i → ᵢ. Text without Unicode subscripts becomes _reason, _0.5 or _(i,j'). A subscript of nothing is lowered twice: s_{_{NN}}. */
export function subscript(content: string): string {
  const text = content.trim().replace(/^_(?=\p{L}+$)/u, '')
  return mapped(text, SUB) ?? (isOne(text) || /^[\p{L}\p{N}.]+$/u.test(text) ? `_${text}` : `_(${text})`)
}

const isOne = (text: string): boolean => [...text].length === 1

function mapped(text: string, to: Map<string, string>): string | undefined {
  if (text === '' || WORD.test(text)) return text === '' ? '' : undefined
  const chars = [...text].map((char) => to.get(char))
  return chars.every((char) => char !== undefined) ? chars.join('') : undefined
}
