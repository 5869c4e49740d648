/**
 * What readers see, in English, by page or mail. The other languages are held to this one's keys by the type check,
 * so that a new language is one file. Numbers and days arrive as they are and are put into words here.
 */
export const en = {
  lang: 'en',
  /** for Intl: how this language writes days and numbers */
  intl: 'en-GB',
  name: 'English',
  common: {
    skip: 'Skip to the content',
    papers: (n: number) => `${n.toLocaleString('en-GB')} ${n === 1 ? 'paper' : 'papers'}`,
  },
}

export type Messages = typeof en
