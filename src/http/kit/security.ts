import type { FastifyHelmetOptions } from '@fastify/helmet'
import type { FastifyInstance } from 'fastify'
import type { Config } from '../../runtime/config/config.ts'

/** Only our own style, script and images; forms post to us; nobody frames us. */
export const securityHeaders = (config: Pick<Config, 'PUBLIC_URL'>): FastifyHelmetOptions => ({
  contentSecurityPolicy: {
    useDefaults: false,
    directives: {
      defaultSrc: ["'none'"],
      styleSrc: ["'self'"],
      scriptSrc: ["'self'"],
      // the challenge that the sign-up form's script asks for
      connectSrc: ["'self'"],
      imgSrc: ["'self'", 'data:'],
      formAction: ["'self'"],
      baseUri: ["'none'"],
      frameAncestors: ["'none'"],
    },
  },
  // On plain HTTP it would mean nothing, and on a laptop's localhost it would outlive us.
  strictTransportSecurity: config.PUBLIC_URL.startsWith('https:') && { maxAge: 365 * 86_400 },
  xFrameOptions: { action: 'deny' },
  referrerPolicy: { policy: 'no-referrer' },
})

/** An edition as it was mailed: its style is inline, and it needs nothing else. */
export const mailDocumentHeaders: FastifyHelmetOptions = {
  contentSecurityPolicy: {
    useDefaults: false,
    directives: {
      defaultSrc: ["'none'"],
      styleSrc: ["'unsafe-inline'"],
      formAction: ["'none'"],
      baseUri: ["'none'"],
      frameAncestors: ["'none'"],
      sandbox: ['allow-popups', 'allow-popups-to-escape-sandbox', 'allow-top-navigation-by-user-activation'],
    },
  },
}

/** Pages behind a personal link are nobody else's: not for search engines either. */
export const keepPrivate = (app: Pick<FastifyInstance, 'addHook'>): void => {
  app.addHook('onRequest', async (_request, reply) => void reply.header('x-robots-tag', 'noindex'))
}
