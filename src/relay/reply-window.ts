/** The latest replies of a relay or receiving domain, which decide its rate. */
export interface ReplyWindow {
  /**
   * Adds a reply and returns the change of rate, if any.
   *
   * @param asks the reply's text, if it asks us to slow down
   * @param at milliseconds
   * @returns `slower` when too large a share asks, `faster` after enough replies that do not
   */
  add(asks: string | undefined, at: number): 'slower' | 'faster' | undefined
  /** at the last `slower`: this process's replies a second before it, and the newest reply that asked */
  why(): { perSecond: number; reply: string }
}

/** Size of the window, and the fewest replies that decide. */
const REPLIES = { most: 50, least: 20 }
/** Above this share the domain itself asks. A few full or greylisted mailboxes stay below it at any rate. */
const SHARE = 0.2
/** After a pause this long, older replies belong to another edition. */
const FORGOTTEN_MS = 10 * 60_000
/** Shortest time to compute a rate over: one read can return a burst of replies. */
const LEAST_SPAN_MS = 100

export function openReplyWindow(): ReplyWindow {
  let replies: { asks: boolean; at: number }[] = []
  let asking = 0
  let sinceFaster = 0
  let perSecond = 0
  let reply = ''

  const forget = () => {
    replies = []
    asking = 0
    sinceFaster = 0
  }
  return {
    add(asks, at) {
      if (replies.length > 0 && at - replies.at(-1)!.at > FORGOTTEN_MS) forget()
      replies.push({ asks: asks !== undefined, at })
      asking += Number(asks !== undefined)
      reply = asks ?? reply
      if (replies.length > REPLIES.most) asking -= Number(replies.shift()!.asks)
      sinceFaster++
      if (replies.length < REPLIES.least) return undefined
      if (asking > replies.length * SHARE) {
        perSecond = (replies.length * 1000) / Math.max(at - replies[0]!.at, LEAST_SPAN_MS)
        // Replies to the old rate must not decide again.
        forget()
        return 'slower'
      }
      if (sinceFaster < REPLIES.least) return undefined
      sinceFaster = 0
      return 'faster'
    },
    why: () => ({ perSecond, reply }),
  }
}
