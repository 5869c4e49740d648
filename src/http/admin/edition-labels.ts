import type { EditionKey } from '../../edition/draft/control.ts'

export const editionHref = ({ kind, date }: EditionKey): string => `/admin/editions/${kind}/${date}`

export const describeState = ({ state, held }: { state: string; held: boolean }): string =>
  state === 'draft' && held ? 'draft, held' : state
