import type { FastifyReply } from 'fastify'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { spanNamed } from '../../calendar/spans.ts'
import { readMonthPapers, readMonths } from '../../papers/lists/sitemap.ts'
import { paperPath } from '../../papers/paper-path.ts'
import type { Services } from '../../runtime/services.ts'
import { basePath } from '../kit/base-path.ts'
import { saveTransfer } from '../kit/save-transfer.ts'
import { cached } from './cached-topics.ts'

const CACHE_CONTROL = 'public, max-age=3600'

/** A sitemap holds at most 50,000 URLs (sitemaps.org/protocol.html), so each month of papers has its own. */
const MOST = 50_000

const FIXED = ['/', '/about', '/subscribe', '/editions', '/search', '/topics', '/trends', '/feeds']

/** robots.txt and sitemaps for search engines. */
export const sitemapRoutes: FastifyPluginAsyncZod<Services> = async (app, services) => {
  const { config } = services
  await saveTransfer(app)
  const base = basePath(config)
  const whole = (path: string) => config.PUBLIC_URL + path
  const monthsOf = cached(services, () => readMonths(services))

  app.get('/robots.txt', async (_request, reply) =>
    reply
      .header('cache-control', CACHE_CONTROL)
      .type('text/plain; charset=utf-8')
      .send(`User-agent: *\nDisallow: ${base}/api/\nDisallow: ${base}/search?\n\nSitemap: ${whole('/sitemap.xml')}\n`),
  )

  app.get('/sitemap.xml', async (_request, reply) => {
    const months = await monthsOf()
    const files = [
      { path: '/sitemaps/pages.xml' },
      ...months.map(({ month, changedAt }) => ({ path: `/sitemaps/${month}.xml`, changedAt })),
    ]
    return sendXml(
      reply,
      'sitemapindex',
      'sitemap',
      files.map((file) => ({ ...file, address: whole(file.path) })),
    )
  })

  app.get('/sitemaps/pages.xml', async (_request, reply) => {
    const months = await monthsOf()
    const paths = [...FIXED, ...months.map(({ month }) => `/papers?month=${month}`)]
    return sendXml(
      reply,
      'urlset',
      'url',
      paths.map((path) => ({ address: whole(path) })),
    )
  })

  const schema = { params: z.object({ month: z.string() }) }
  app.get('/sitemaps/:month.xml', { schema }, async ({ params }, reply) => {
    const span = spanNamed('month', params.month)
    const papers = span ? await readMonthPapers(services, span) : []
    if (papers.length === 0) return reply.callNotFound()
    const pages = papers
      .slice(0, MOST)
      .map((paper) => ({ address: whole(paperPath(paper)), changedAt: paper.changedAt }))
    return sendXml(reply, 'urlset', 'url', pages)
  })
}

/** URLs need no escaping: they consist of our own paths, encoded ids and months. */
function sendXml(reply: FastifyReply, root: string, each: string, entries: { address: string; changedAt?: Date }[]) {
  const lines = entries.map(({ address, changedAt }) => {
    const changed = changedAt ? `<lastmod>${changedAt.toISOString()}</lastmod>` : ''
    return `<${each}><loc>${address}</loc>${changed}</${each}>`
  })
  return reply
    .header('cache-control', CACHE_CONTROL)
    .type('application/xml; charset=utf-8')
    .send(
      `<?xml version="1.0" encoding="UTF-8"?>\n<${root} xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n${lines.join('\n')}\n</${root}>\n`,
    )
}
