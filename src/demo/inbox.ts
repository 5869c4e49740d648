import { setTimeout as delay } from 'node:timers/promises'

/** A mail in the local mailbox, as its page knows it. */
export interface Mail {
  id: string
  subject: string
  text: string
  html: string
  headers: Record<string, unknown>
  to: string[]
  source: string
}

const PATIENCE_MS = 20_000
const LOOK_EVERY_MS = 100

interface Listed extends Omit<Mail, 'to' | 'source'> {
  envelope: { to: { address: string }[] }
}

/** Reads the local mailbox over the same interface as its web page. */
export function inboxAt(webUrl: string) {
  const api = `${webUrl}/api`
  const list = async (address: string): Promise<Listed[]> => {
    const reply = await fetch(`${api}/email`)
    const mails = (await reply.json()) as Listed[]
    return mails.filter((mail) => mail.envelope.to.some((to) => to.address === address))
  }
  return {
    count: async (address: string): Promise<number> => (await list(address)).length,
    /** Waits for a mail to an address whose subject fits. @throws Error after 20 seconds */
    async waitFor(address: string, subject: RegExp): Promise<Mail> {
      for (const end = Date.now() + PATIENCE_MS; Date.now() < end; await delay(LOOK_EVERY_MS)) {
        const mail = (await list(address)).find((each) => subject.test(each.subject))
        if (!mail) continue
        const source = await (await fetch(`${api}/email/${mail.id}/source`)).text()
        return { ...mail, to: mail.envelope.to.map((to) => to.address), source }
      }
      throw new Error(`no mail like ${subject} came to ${address} within ${PATIENCE_MS / 1000} seconds`)
    },
  }
}

export type Inbox = ReturnType<typeof inboxAt>
