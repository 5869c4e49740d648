import type { FastifyInstance, FastifyReply, FastifyRequest, RouteOptions } from 'fastify'
import { z } from 'zod'
import { capitalise } from '../../lib/capitalise.ts'
import { PaperboyError } from '../../lib/errors.ts'
import { type ApiKey, findApiKey, type Scope } from '../../operate/api-keys.ts'
import type { Services } from '../../runtime/services.ts'
import { openToOtherSites } from '../kit/cors.ts'
import { replayRequests } from './idempotency.ts'
import { problemResponse } from './problems.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** needs an API key with one of these scopes */
    scopes?: readonly Scope[]
    /** an API key is optional: with one of these scopes, the response has more */
    moreWith?: readonly Scope[]
    /** pages of other sites may read it */
    open?: boolean
    /** counts against a rate limit of its own */
    limited?: boolean
    /** statuses of errors that this route answers, besides those of every route */
    errors?: readonly number[]
    /** a POST that only reads: its response is not stored for Idempotency-Key */
    reads?: boolean
    /** its response has a secret that is shown once: it is not stored for Idempotency-Key */
    secret?: boolean
  }
  interface FastifyRequest {
    apiKey?: ApiKey | undefined
  }
}

type Hook = NonNullable<RouteOptions['onRequest']>

/**
 * Gives each route of the API what its `config` states: the check of its key, the key's rate limit, CORS, idempotent POSTs, and the
 * errors in its description. A route cannot document one rule and apply another.
 */
export function applyRouteRules(app: FastifyInstance, services: Services): void {
  app.decorateRequest('apiKey', undefined)
  const limitKey: (request: FastifyRequest, reply: FastifyReply) => unknown = app.rateLimit({
    max: ({ apiKey }) => apiKey!.perMinute,
    keyGenerator: ({ apiKey }) => `key ${apiKey!.id}`,
    timeWindow: 60_000,
  })
  const { replay, runToEnd } = replayRequests(app, services)
  app.addHook('onRoute', (route) => {
    if (route.schema?.hide || route.method === 'OPTIONS') return
    const config = route.config ?? {}
    const hooks: Hook[] = []
    if (config.open) hooks.push(async (_request, reply) => void openToOtherSites(reply))
    const { scopes, moreWith } = config
    const accepted = scopes ?? moreWith
    if (accepted) {
      hooks.push(async function checkKey(request, reply) {
        const sent = request.headers.authorization
        if (moreWith && sent === undefined) return
        request.apiKey = await authorize(services, sent, accepted)
        await limitKey(request, reply)
      } as Hook)
    }
    route.onRequest = [...hooks, ...[route.onRequest ?? []].flat()] as Hook
    if (isRepeatable(route)) {
      route.preHandler = [replay, ...[route.preHandler ?? []].flat()] as NonNullable<RouteOptions['preHandler']>
      route.handler = runToEnd(route.handler)
    }
    describe(route)
  })
}

async function authorize(services: Services, header: string | undefined, scopes: readonly Scope[]): Promise<ApiKey> {
  const [, sent] = /^Bearer +([^\s]+)$/i.exec(header ?? '') ?? []
  if (sent === undefined) throw new PaperboyError('BAD_KEY', 'Send an API key: Authorization: Bearer paperboy_…')
  const key = await findApiKey(services, sent)
  if (!scopes.some((scope) => key.scopes.includes(scope)))
    throw new PaperboyError('KEY_LACKS_SCOPE', `This needs an API key with the scope ${scopes.join(' or ')}.`)
  return key
}

/** Whether the route takes an Idempotency-Key. */
const isRepeatable = ({ method, config = {} }: RouteOptions): boolean =>
  config.scopes !== undefined && method === 'POST' && !config.reads && !config.secret

/** Public reads have an ETag. Those with a limit of their own make something new each time. */
const UNCHANGED = { 304: z.null().describe('Unchanged since the ETag that was sent.') }

/** Whether no part of a path can be wrong. What it names may be missing, which is 404. */
const takesAnyText = (params: unknown): boolean =>
  params === undefined ||
  (params instanceof z.ZodObject &&
    Object.values(params.shape).every((each) => each instanceof z.ZodString && !each.def.checks?.length))

/** What generators call a function for this request, and its group: "getEditionsByKindByDate" in "editions". */
function namesOf({ method, url }: RouteOptions) {
  const [, , , ...segments] = url.split('/')
  const words = segments.map((segment) =>
    segment.startsWith(':') ? `By${capitalise(segment.slice(1))}` : capitalise(segment),
  )
  return { operationId: String(method).toLowerCase() + words.join(''), tags: segments.slice(0, 1) }
}

/** Adds names, the documented errors, the key and the header of idempotent requests to a route's schema. */
function describe(route: RouteOptions): void {
  const { scopes, moreWith, open, limited, errors = [] } = route.config ?? {}
  const { schema = {} } = route
  const hasBody = route.method !== 'GET' && route.method !== 'HEAD'
  const repeatable = isRepeatable(route)
  const statuses = new Set([
    ...[400, 500, 503],
    ...(hasBody ? [413, 415] : []),
    ...(takesAnyText(schema.params) && !schema.querystring && !schema.body ? [] : [422]),
    ...(scopes || moreWith ? [401, 403, 429] : []),
    ...(repeatable ? [409, 422] : []),
    ...(limited ? [429] : []),
    ...errors,
  ])
  const accepted = scopes ?? moreWith
  const words = [
    ...(schema.description ? [schema.description] : []),
    ...(accepted ? [`Scope: ${accepted.join(' or ')}.`] : []),
    ...(repeatable ? ['Takes an Idempotency-Key.'] : []),
  ]
  const known = schema.response as Record<string, unknown> | undefined
  const problems = [...statuses].map((status) => [status, problemResponse(status)] as const)
  route.schema = {
    ...schema,
    ...namesOf(route),
    ...(scopes ? { security: [{ apiKey: [] }] } : moreWith ? { security: [{}, { apiKey: [] }] } : {}),
    ...(words.length > 0 ? { description: words.join(' ') } : {}),
    response: { ...Object.fromEntries(problems), ...(open && !limited ? UNCHANGED : {}), ...known },
  }
}
