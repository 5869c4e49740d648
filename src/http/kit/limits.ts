import type { RateLimitPluginOptions } from '@fastify/rate-limit'
import type { FastifyUnderPressureOptions } from '@fastify/under-pressure'
import { networksOf } from '../../lib/network.ts'

/**
 * For the few routes that name a limit of their own: requests of a network, an IPv4 address, or an IPv6 /64, which is what one
 * household is given. Counted in each process: exact enough against a script, and nothing that can fail. Sign-ups are counted in
 * the database (src/subscription/armour).
 */
export const routeLimits: RateLimitPluginOptions = {
  global: false,
  keyGenerator: ({ ip }) => networksOf(ip)[0],
  cache: 20_000,
  errorResponseBuilder: (_request, { statusCode }) => Object.assign(new Error('too many requests'), { statusCode }),
}

/** A process that falls this far behind says so at once (503) instead of letting everybody wait. Seconds and milliseconds. */
export const loadLimits: FastifyUnderPressureOptions = { maxEventLoopDelay: 1000, retryAfter: 10 }
