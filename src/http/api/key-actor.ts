import type { FastifyRequest } from 'fastify'

/** The author of a request's changes in the audit log. */
export const keyActor = ({ apiKey }: FastifyRequest): string => `API key ${apiKey!.id} (${apiKey!.name})`
