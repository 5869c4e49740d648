import { fastifySwagger } from '@fastify/swagger'
import type { FastifyInstance } from 'fastify'
import { jsonSchemaTransform } from 'fastify-type-provider-zod'
import type { Config } from '../../runtime/config/config.ts'
import { VERSION } from '../../runtime/config/version.ts'
import { setCacheControl } from '../kit/cache-control.ts'
import { openToOtherSites } from '../kit/cors.ts'
import { saveTransfer } from '../kit/save-transfer.ts'

type Operation = {
  summary?: string
  description?: string
  parameters?: object[]
  requestBody?: object
  responses?: object
}
interface Described {
  paths?: Record<string, Record<string, Operation>>
}

/** In seconds. The description changes with the version. */
const MAX_AGE = 3600

/** Collects the schemas of all routes registered after this call. */
export async function describeApi(
  app: FastifyInstance,
  config: Pick<Config, 'PUBLIC_URL' | 'newsletter'>,
): Promise<void> {
  await app.register(fastifySwagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: config.newsletter.name,
        version: VERSION,
        description:
          'Trending papers and the subscription to them. Errors are problem details (RFC 9457) of type application/problem+json.',
      },
      servers: [{ url: config.PUBLIC_URL }],
      components: {
        securitySchemes: { apiKey: { type: 'http', scheme: 'bearer', description: 'A key made at /admin/keys.' } },
      },
    },
    transform: (route) => {
      const { schema, url } = jsonSchemaTransform(route as Parameters<typeof jsonSchemaTransform>[0])
      return { schema: { ...schema, hide: !url.startsWith('/api/v1/') }, url }
    },
  })
}

/** The OpenAPI document, and the same as a page that works without JavaScript. */
export async function apiDocumentRoutes(app: FastifyInstance): Promise<void> {
  await saveTransfer(app)
  const hidden = { schema: { hide: true } }
  // Half a megabyte, and the same until the process ends.
  let file: Buffer | undefined
  let operations: ReturnType<typeof operationsOf> | undefined
  app.get('/openapi.json', hidden, async (_request, reply) => {
    file ??= Buffer.from(JSON.stringify(app.swagger()))
    return openToOtherSites(reply)
      .header('cache-control', `public, max-age=${MAX_AGE}`)
      .type('application/json; charset=utf-8')
      .send(file)
  })
  app.get('/docs', hidden, async ({ reader }, reply) => {
    operations ??= operationsOf(app.swagger() as Described)
    return setCacheControl(reader, reply, MAX_AGE).view('api', { operations })
  })
}

const operationsOf = ({ paths = {} }: Described) =>
  Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { summary, description, parameters = [], requestBody, responses = {} }]) => ({
      method: method.toUpperCase(),
      path,
      summary,
      description,
      parameters,
      body: requestBody && JSON.stringify(bodyOf(requestBody), null, 2),
      responses: answersOf(responses),
    })),
  )

/** The responses, with all statuses of the same body in one: errors share one. */
const answersOf = (responses: object) => {
  const all = Object.entries(responses).map(([status, response]) => ({
    status,
    body: JSON.stringify(bodyOf(response) ?? {}, null, 2),
  }))
  return [...Map.groupBy(all, ({ body }) => body)].map(([body, same]) => ({
    status: same.map(({ status }) => status).join(', '),
    body,
  }))
}

const bodyOf = (holder: { content?: Record<string, { schema?: unknown }> }) =>
  Object.values(holder.content ?? {})[0]?.schema
