import type { FastifyInstance } from 'fastify'
import type { Config } from '../../runtime/config/config.ts'

/**
 * Helmet options: only our own styles, scripts and images; forms post to us; no site may frame us.
 * Not typed as helmet's options: spreading their 256-fold union costs the type checker minutes.
 */
export const securityHeaders = (config: Pick<Config, 'PUBLIC_URL'>) => ({
  contentSecurityPolicy: {
    useDefaults: false,
    directives: {
      defaultSrc: ["'none'"],
      styleSrc: ["'self'"],
      scriptSrc: ["'self'"],
      // the sign-up script fetches its challenge
      connectSrc: ["'self'"],
      fontSrc: ["'self'"],
      imgSrc: ["'self'", 'data:'],
      manifestSrc: ["'self'"],
      formAction: ["'self'"],
      baseUri: ["'none'"],
      frameAncestors: ["'none'"],
    },
  },
  // Ignored on plain HTTP. On a developer's localhost it would outlive Paperboy.
  strictTransportSecurity: config.PUBLIC_URL.startsWith('https:') && { maxAge: 365 * 86_400 },
  xFrameOptions: { action: 'deny' as const },
  referrerPolicy: { policy: 'no-referrer' as const },
})

/** Helmet options for an edition as it was emailed: inline styles, nothing else. */
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

/** Keeps search engines from indexing pages behind a personal link. */
export const disallowIndexing = (app: Pick<FastifyInstance, 'addHook'>): void => {
  app.addHook('onRequest', async (_request, reply) => void reply.header('x-robots-tag', 'noindex'))
}
