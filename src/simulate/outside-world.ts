import type { FastifyInstance } from 'fastify'
import { simpleParser } from 'mailparser'
import { receiveMail } from '../inbound/receive.ts'
import type { Services } from '../runtime/services.ts'
import { eraseByAddress } from '../subscription/erase.ts'
import type { LifeEvent, SimulatedReader } from './readers.ts'
import { bounceReport, complaintReport } from './reports.ts'

const FORM = { 'content-type': 'application/x-www-form-urlencoded' }

/** What readers, mailbox providers and the operator do to the service, each by the same way as in life. */
export interface OutsideWorld {
  signUp(reader: SimulatedReader): Promise<void>
  /** presses the button behind the link of the confirmation email */
  confirm(email: Buffer): Promise<void>
  /** presses the button behind the first vote link of a digest */
  vote(digest: Buffer): Promise<void>
  act(what: LifeEvent, reader: SimulatedReader, digest: Buffer): Promise<void>
}

/**
 * Acts on the service through its pages, its inbound mail and its commands.
 * Every method throws an error that names the path when the service answers differently than it promises.
 */
export function outsideWorld(app: FastifyInstance, services: Services): OutsideWorld {
  const post = async (path: string, payload: string, status: number, remoteAddress: string) => {
    const reply = await app.inject({ method: 'POST', url: path, payload, headers: FORM, remoteAddress })
    if (reply.statusCode === status) return
    throw new Error(`POST ${path.replace(/\/[\w-]{20,}/, '/…')} returned ${reply.statusCode}, not ${status}.`)
  }
  const report = (raw: Buffer) => receiveMail(services, raw, { source: 'command' })
  return {
    signUp: ({ email, zone }) =>
      post('/subscribe', new URLSearchParams({ email, zone }).toString(), 303, networkOf(email)),
    confirm: async (email) => post(await linkIn(email, 'confirm'), '', 303, networkOf(String(email.length))),
    vote: async (digest) => post(await linkIn(digest, 'vote'), '', 303, networkOf(String(digest.length))),
    async act(what, { email }, digest) {
      const head = digest.toString('latin1', 0, digest.indexOf('\r\n\r\n'))
      if (what === 'unsubscribe') {
        const link = /^List-Unsubscribe: *<(https?:[^>]+)>/im.exec(head.replace(/\r\n[ \t]+/g, ''))![1]!
        await post(new URL(link).pathname, 'List-Unsubscribe=One-Click', 200, networkOf(email))
      } else if (what === 'complain') await report(complaintReport(email, head))
      else if (what === 'bounce') await report(bounceReport(email, head))
      else if (what === 'erase') await eraseByAddress(services, email)
    },
  }
}

/** Every reader has a network of their own, so that they do not use up each other's limits. */
function networkOf(name: string): string {
  const number = [...name].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) % 2 ** 24, 7)
  return `10.${number >> 16}.${(number >> 8) & 255}.${number & 255}`
}

async function linkIn(email: Buffer, page: string): Promise<string> {
  const { text, html } = await simpleParser(email)
  const link = new RegExp(`https?://[^\\s"]+/${page}/[^\\s"<]+`).exec(`${html} ${text}`)?.[0]
  if (!link) throw new Error(`An email has no link to /${page}.`)
  return new URL(link).pathname
}
