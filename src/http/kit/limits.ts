import type { RateLimitPluginOptions } from '@fastify/rate-limit'
import type { FastifyUnderPressureOptions } from '@fastify/under-pressure'
import { networksOf } from '../../lib/network.ts'

/**
 * Rate limits of the routes that set one. They count per IPv4 address or IPv6 /64, which is what one household gets. Each
 * process counts alone: exact enough against scripts, and it cannot fail. The database counts sign-ups
 * (src/subscription/signup-protection).
 */
export const routeLimits: RateLimitPluginOptions = {
  global: false,
  keyGenerator: ({ ip }) => networksOf(ip)[0],
  cache: 20_000,
  // `ratelimit-limit`, `ratelimit-remaining` and `ratelimit-reset`, in seconds.
  enableDraftSpec: true,
  errorResponseBuilder: (_request, { statusCode }) => Object.assign(new Error('too many requests'), { statusCode }),
}

/** Above this event loop delay (ms), requests get 503 at once instead of a long wait. `retryAfter` is in seconds. */
export const loadLimits: FastifyUnderPressureOptions = { maxEventLoopDelay: 1000, retryAfter: 10 }
