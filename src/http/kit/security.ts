import type { FastifyInstance } from 'fastify'
import type { Config } from '../../runtime/config/config.ts'

/**
 * Only our own style, script and images; forms post to us; no other site frames us.
 * Without helmet's own type: spreading its 256-fold union costs the type checker minutes.
 */
export const securityHeaders = (config: Pick<Config, 'PUBLIC_URL'>) => ({
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
  xFrameOptions: { action: 'deny' as const },
  referrerPolicy: { policy: 'no-referrer' as const },
})

/** An edition as it was mailed: its style is inline, and it needs nothing else. */
export const mailDocumentHeaders = {
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
export const disallowIndexing = (app: Pick<FastifyInstance, 'addHook'>): void => {
  app.addHook('onRequest', async (_request, reply) => void reply.header('x-robots-tag', 'noindex'))
}
