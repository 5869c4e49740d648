import { setTimeout as delay } from 'node:timers/promises'

/** A message in the local mailbox, as its API returns it. */
export interface Mail {
  id: string
  subject: string
  text: string
  html: string
  headers: Record<string, unknown>
  to: string[]
  source: string
}

const TIMEOUT_MS = 20_000
const POLL_MS = 100

interface Listed extends Omit<Mail, 'to' | 'source'> {
  envelope: { to: { address: string }[] }
}

/** Opens the local mailbox through the API that its web page uses. */
export function openInbox(webUrl: string) {
  const api = `${webUrl}/api`
  const list = async (address: string): Promise<Listed[]> => {
    const reply = await fetch(`${api}/email`)
    const mails = (await reply.json()) as Listed[]
    return mails.filter((mail) => mail.envelope.to.some((to) => to.address === address))
  }
  return {
    count: async (address: string): Promise<number> => (await list(address)).length,
    /** Waits for a message to an address with a matching subject. @throws Error after 20 seconds */
    async waitFor(address: string, subject: RegExp): Promise<Mail> {
      for (const end = Date.now() + TIMEOUT_MS; Date.now() < end; await delay(POLL_MS)) {
        const mail = (await list(address)).find((each) => subject.test(each.subject))
        if (!mail) continue
        const source = await (await fetch(`${api}/email/${mail.id}/source`)).text()
        return { ...mail, to: mail.envelope.to.map((to) => to.address), source }
      }
      throw new Error(`No message with subject ${subject} reached ${address} within ${TIMEOUT_MS / 1000} seconds.`)
    },
  }
}

export type Inbox = ReturnType<typeof openInbox>
