import type { FastifyInstance, FastifyReply } from 'fastify'

interface Section {
  href: string
  name: string
}

/** The desk's navigation, in its order. The first ones stand in the masthead, the others under "More". A page without a route is left out. */
const SECTIONS: readonly Section[] = [
  { href: '/admin', name: 'Today' },
  { href: '/admin/deliveries', name: 'Deliveries' },
  { href: '/admin/readers', name: 'Readers' },
  { href: '/admin/insights', name: 'Insights' },
  { href: '/admin/sources', name: 'Sources' },
  { href: '/admin/submissions', name: 'Submissions' },
  { href: '/admin/inbound', name: 'Inbound' },
  { href: '/admin/settings', name: 'Settings' },
  { href: '/admin/log', name: 'Audit log' },
  { href: '/admin/sessions', name: 'Sign-ins' },
  { href: '/admin/keys', name: 'API keys' },
  { href: '/admin/webhooks', name: 'Webhooks' },
]

/** Gives every admin page `it.sections`, the pages that exist. A template names its own with `section` for the layout. */
export function addSections(app: FastifyInstance): void {
  let sections: readonly Section[] | undefined
  app.addHook('onRequest', async (_request, reply) => {
    sections ??= SECTIONS.filter(({ href }) => app.hasRoute({ method: 'GET', url: href }))
    reply.locals = { ...reply.locals!, sections } as NonNullable<FastifyReply['locals']>
  })
}
