import { de } from './de.ts'
import { en, type Messages } from './en.ts'
import { es } from './es.ts'
import { fr } from './fr.ts'
import { zh } from './zh.ts'

export type { Messages } from './en.ts'

const catalogues = { en, de, es, fr, zh } satisfies Record<string, Messages>

export type Locale = keyof typeof catalogues

export const LOCALES = Object.keys(catalogues) as Locale[]

export const messagesIn = (locale: Locale): Messages => catalogues[locale]

export const isLocale = (value: unknown): value is Locale => LOCALES.includes(value as Locale)
