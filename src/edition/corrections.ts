import type { Messages } from '../messages/catalogue.ts'
import { readable, sentences } from '../papers/readable.ts'
import { shortDate } from './words.ts'

/** What has become of a paper since an edition showed it. */
export interface Correction {
  kind: 'retitled' | 'withdrawn'
  /** as that edition showed it */
  title: string
  newTitle: string | null
  /** that edition's date */
  date: string
  url: string | null
}

const TITLE_CHARACTERS = 140

/** In words of one language, as the templates show them. */
export const correctionsIn = (corrections: readonly Correction[], t: Messages) =>
  corrections.map(({ kind, title, newTitle, date, url }) => {
    const day = shortDate({ kind: 'daily', date }, t)
    const short = (text: string) => sentences(readable(text), TITLE_CHARACTERS)
    return {
      url,
      words:
        kind === 'withdrawn'
          ? t.digest.nowWithdrawn(short(title), day)
          : t.digest.retitled(short(title), short(newTitle ?? title), day),
    }
  })
