import type { Messages } from './en.ts'

/** What readers see, in German. */
export const de: Messages = {
  lang: 'de',
  intl: 'de-DE',
  name: 'Deutsch',
  common: {
    skip: 'Zum Inhalt springen',
    papers: (n) => `${n.toLocaleString('de-DE')} Artikel`,
  },
}
