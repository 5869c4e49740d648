import { lookup } from 'node:dns'
import { request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { isIP, type LookupFunction } from 'node:net'
import { isPublicAddress } from './network.ts'

/** The request was not made: its target is not allowed. The message names no address. */
export class TargetRefused extends Error {
  override readonly name = 'TargetRefused'
}

export interface GuardedPost {
  headers: Record<string, string>
  body: string
  /** milliseconds for the whole exchange */
  timeoutMs: number
  /** whether addresses of private networks are allowed */
  allowPrivate: boolean
  /** resolves names */
  resolve?: typeof lookup
}

/** Bytes of a response that are read before the connection is closed. Only its status counts. */
const MOST_BYTES = 16 * 1024

/**
 * Posts to a URL that a person typed, and returns the status of the response. Follows no redirect.
 *
 * Addresses are checked when the connection is made, on the address that is used: a name may answer differently the next time.
 * @throws TargetRefused for a private address; the connection's error otherwise
 */
export function postGuarded(url: URL, post: GuardedPost): Promise<number> {
  const { headers, body, timeoutMs, allowPrivate, resolve: resolveName = lookup } = post
  const isRefused = (address: string) => !allowPrivate && !isPublicAddress(address)
  const host = url.hostname.replace(/^\[|\]$/g, '')
  // Node resolves no address literals, so the function below would not see them.
  if (isIP(host) && isRefused(host)) return Promise.reject(refused())
  const guardedLookup: LookupFunction = (name, options, done) =>
    resolveName(name, { ...options, all: true }, (error, found) => {
      if (error) return done(error, '', 0)
      // One private address is enough: the other may be there to pass this check.
      if (found.length === 0 || found.some(({ address }) => isRefused(address))) return done(refused(), '', 0)
      return options.all ? done(null, found) : done(null, found[0]!.address, found[0]!.family)
    })
  const start = url.protocol === 'https:' ? httpsRequest : httpRequest
  return new Promise((resolve, reject) => {
    const signal = AbortSignal.timeout(timeoutMs)
    const length = Buffer.byteLength(body)
    const options = { method: 'POST', headers: { ...headers, 'content-length': length }, lookup: guardedLookup, signal }
    // No agent: a pooled connection would skip the check.
    const request = start(url, { ...options, agent: false }, (response) => {
      let bytes = 0
      const answer = () => resolve(response.statusCode ?? 0)
      response.on('data', (chunk: Buffer) => {
        bytes += chunk.length
        if (bytes <= MOST_BYTES) return
        answer()
        response.destroy()
      })
      response.on('end', answer)
      response.on('error', reject)
    })
    // Without this, Node closes the connection and tells neither of the other two: the caller would wait for ever.
    request.on('upgrade', ({ statusCode }, socket) => {
      socket.destroy()
      resolve(statusCode ?? 0)
    })
    request.on('error', reject)
    request.end(body)
  })
}

const refused = (): TargetRefused => new TargetRefused('the address is in a private network')
