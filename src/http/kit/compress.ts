import { promisify } from 'node:util'
import { brotliCompress, constants, gzip } from 'node:zlib'
import type { FastifyInstance, FastifyRequest } from 'fastify'

/** Smaller bodies fit in one packet anyway. */
const LEAST_BYTES = 1_400
/** Quality 5 takes about a millisecond for a list page. Higher qualities cost several times that for a few percent. */
const BROTLI = { params: { [constants.BROTLI_PARAM_QUALITY]: 5 } }

const ENCODERS = {
  br: (body: string | Buffer) => promisify(brotliCompress)(body, BROTLI),
  gzip: (body: string | Buffer) => promisify(gzip)(body),
}
/** Ours, best first. Browsers accept both, and list gzip first. */
const ENCODINGS = Object.keys(ENCODERS) as (keyof typeof ENCODERS)[]

const TEXT = /^(?:text\/|application\/(?:\w+\+)?(?:json|xml)|image\/svg)/

/**
 * Compresses public texts: list pages, papers, feeds, the API, style sheets, scripts. Pages behind a personal link stay as they are, since
 * the length of a compressed secret beside reflected input gives it away (BREACH).
 *
 * An asset is the same buffer each time, so its compressed forms are kept.
 *
 * @param part a plugin's scope, after every other hook that reads or changes bodies
 */
export function compressPublicTexts(part: FastifyInstance): void {
  const kept = new WeakMap<Buffer, Map<string, Promise<Buffer>>>()
  part.addHook('onSend', async (request, reply, body) => {
    const isPublic = String(reply.getHeader('cache-control')).startsWith('public')
    if (!isPublic || !TEXT.test(String(reply.getHeader('content-type')))) return body
    addVary(reply, 'accept-encoding')
    if ((typeof body !== 'string' && !Buffer.isBuffer(body)) || body.length < LEAST_BYTES) return body
    const encoding = encodingOf(request)
    if (!encoding || reply.getHeader('content-encoding') !== undefined) return body
    reply.header('content-encoding', encoding).removeHeader('content-length')
    // Other bodies never come again as the same object.
    if (!Buffer.isBuffer(body)) return ENCODERS[encoding](body)
    const forms = kept.get(body) ?? new Map<string, Promise<Buffer>>()
    kept.set(body, forms)
    const packed = forms.get(encoding) ?? ENCODERS[encoding](body)
    forms.set(encoding, packed)
    return packed
  })
}

/** Returns our best encoding that the client accepts, or undefined for none. */
export const encodingOf = (request: Pick<FastifyRequest, 'headers' | 'encoding'>): keyof typeof ENCODERS | undefined =>
  ENCODINGS.find((each) => request.headers['accept-encoding'] && request.encoding([each]) === each)

function addVary(
  reply: { getHeader(name: string): unknown; header(name: string, value: string): unknown },
  name: string,
) {
  const had = String(reply.getHeader('vary') ?? '')
  if (!had.includes(name)) reply.header('vary', had ? `${had}, ${name}` : name)
}
