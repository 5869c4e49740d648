import type { RateLimitPluginOptions } from '@fastify/rate-limit'
import type { FastifyUnderPressureOptions } from '@fastify/under-pressure'
import type { FastifyInstance } from 'fastify'

/**
 * Sign-ups of one network: an IPv4 address, or an IPv6 /64, which is what one household is given. Nothing else is limited.
 * Counted in each process: exact enough against a script, and nothing that can fail.
 */
export const signUpLimits: RateLimitPluginOptions = {
  global: false,
  max: 30,
  timeWindow: 10 * 60_000,
  ipv6Subnet: 64,
  cache: 20_000,
  errorResponseBuilder: (_request, { statusCode }) => Object.assign(new Error('too many sign-ups'), { statusCode }),
}

/** The limit as a route takes it. */
export interface Limited {
  signUpLimit: ReturnType<FastifyInstance['rateLimit']>
}

/** A process that falls this far behind says so at once (503) instead of letting everybody wait. Seconds and milliseconds. */
export const loadLimits: FastifyUnderPressureOptions = { maxEventLoopDelay: 1000, retryAfter: 10 }
