export type InboundClass =
  | 'hard'
  | 'soft'
  | 'complaint'
  | 'unsubscribe'
  | 'autoreply'
  | 'challenge'
  | 'moved'
  | 'success'
  | 'info'
  | 'ignore'

/** What one mail says about one recipient. Claims of a stranger: classification never changes anything. */
export interface Finding {
  /** lower case; undefined where none is named */
  recipient: string | undefined
  class: InboundClass
  reason: string
  /** the report's sender goes on trying, so that nothing is decided yet */
  delayed: boolean
  status: string | undefined
  reply: number | undefined
  /** the words it was decided by */
  said: string
}
