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

/** What one message claims about one recipient. A stranger may have written it, so classification changes nothing. */
export interface Finding {
  /** lower case; undefined when the message names none */
  recipient: string | undefined
  class: InboundClass
  reason: string
  /** the reporting server will retry, so nothing is final yet */
  delayed: boolean
  status: string | undefined
  reply: number | undefined
  /** the text that decided it */
  diagnostic: string
}
