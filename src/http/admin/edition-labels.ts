import type { EditionKey } from '../../edition/draft/control.ts'

export const editionHref = ({ kind, date }: EditionKey): string => `/admin/editions/${kind}/${date}`

export const stateInWords = ({ state, held }: { state: string; held: boolean }): string =>
  state === 'draft' && held ? 'draft, held' : state
