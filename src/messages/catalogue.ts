import { de } from './de.ts'
import { en, type Messages } from './en.ts'

export type { Messages } from './en.ts'

const catalogues = { en, de } satisfies Record<string, Messages>

export type Locale = keyof typeof catalogues

export const LOCALES = Object.keys(catalogues) as Locale[]

export const messagesIn = (locale: Locale): Messages => catalogues[locale]

export const isLocale = (value: unknown): value is Locale => LOCALES.includes(value as Locale)

/**
 * Returns the available language that a browser prefers, or English.
 *
 * @param acceptLanguage the header Accept-Language (RFC 9110 § 12.5.4): `de-CH, de;q=0.9, en;q=0.5`
 */
export function localeFrom(acceptLanguage: string | undefined): Locale {
  const wanted = (acceptLanguage ?? '')
    .split(',')
    .map((range) => {
      const [tag = '', ...parameters] = range.trim().toLowerCase().split(';')
      const q = parameters.find((each) => each.trim().startsWith('q='))
      return { language: tag.split('-')[0], q: q ? Number(q.trim().slice(2)) : 1 }
    })
    .filter((each) => each.q > 0)
    .sort((a, b) => b.q - a.q)
  for (const { language } of wanted) if (isLocale(language)) return language
  return 'en'
}
