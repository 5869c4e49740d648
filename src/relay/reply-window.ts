/** What the latest replies of a relay or a receiving domain say about its rate. */
export interface ReplyWindow {
  /**
   * Takes one more reply into account.
   *
   * @param asks its words, if it asks us to be slower
   * @param at milliseconds
   * @returns `slower` when the share of those that ask is too high, `faster` after enough replies that do not ask
   */
  add(asks: string | undefined, at: number): 'slower' | 'faster' | undefined
  /** at the last `slower`: replies a second until then, as this process had them, and the words of the newest that asked */
  why(): { perSecond: number; reply: string }
}

/** The replies that count, and how many of them say anything at all. */
const REPLIES = { most: 50, least: 20 }
/** Above this share the domain means all of its readers: a few full or greylisted mailboxes stay below it at any rate. */
const SHARE = 0.2
/** An older reply belongs to another edition. */
const FORGOTTEN_MS = 10 * 60_000
/** A burst of replies in one read is not a rate. */
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
        // The next decision is about replies to the new rate.
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
