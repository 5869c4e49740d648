import { de } from './de.ts'
import { en, type Messages } from './en.ts'
import { es } from './es.ts'
import { fr } from './fr.ts'
import { zh } from './zh.ts'

export type { Messages } from './en.ts'

/** What a newsletter without a name of its own is called. */
export const DEFAULT_NAME = 'Paperboy'

/** The texts of each language, by the newsletter's name. */
const catalogues = { en, de, es, fr, zh } satisfies Record<string, (newsletter: string) => Messages>

export type Locale = keyof typeof catalogues

export const LOCALES = Object.keys(catalogues) as Locale[]

/** Made once for each language and name; a process has one name. */
const made = new Map<string, Messages>()

/** Returns all texts in a language. @param newsletter its name; only texts that mention it need it */
export function messagesIn(locale: Locale, newsletter: string = DEFAULT_NAME): Messages {
  const key = `${locale} ${newsletter}`
  const texts = made.get(key) ?? catalogues[locale](newsletter)
  made.set(key, texts)
  return texts
}

/** Returns the locale of some texts, which begins their language tag: "zh" of "zh-CN". */
export const localeOfTexts = ({ lang }: Messages): Locale => LOCALES.find((locale) => lang.startsWith(locale))!

export const isLocale = (value: unknown): value is Locale => LOCALES.includes(value as Locale)
