import type { FastifyReply } from 'fastify'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { LRUCache } from 'lru-cache'
import { z } from 'zod'
import { isDay } from '../../calendar/days.ts'
import { readEditionList } from '../../edition/compose/edition-list.ts'
import { LOCALES } from '../../messages/catalogue.ts'
import { readListed } from '../../papers/lists/listed-rows.ts'
import { findPublicPaper } from '../../papers/lists/paper.ts'
import { paperPath } from '../../papers/paper-path.ts'
import { messagesOf } from '../../runtime/config/newsletter.ts'
import type { Services } from '../../runtime/services.ts'
import { cardMeta, editionCard, paperCard, siteCard } from './card-text.ts'
import { type CardText, drawCard } from './draw-card.ts'

const MOST_CARDS = 200
/** Drawing takes a tenth of a second. Services that preview links ask once per link. */
const RATE_LIMIT = { max: 60, timeWindow: '1 minute' }

/** Pictures for links to papers, editions and the site, in services that preview links. */
export const cardRoutes: FastifyPluginAsyncZod<Services> = async (app, services) => {
  const drawn = new LRUCache<string, Promise<Buffer>>({ max: MOST_CARDS })
  const lang = z.enum(LOCALES)
  const { newsletter } = services.config
  const options = <P extends z.ZodRawShape>(params: P) => ({
    schema: { params: z.object({ lang, hash: z.string().max(40), ...params }) },
    config: { rateLimit: RATE_LIMIT },
  })

  async function send(
    reply: FastifyReply,
    what: string,
    card: CardText,
    asked: { lang: (typeof LOCALES)[number]; hash: string },
  ) {
    const { path } = cardMeta(what, card, messagesOf(newsletter, asked.lang))
    // Some services show the picture by its address. Browsers then ask this of a redirect, too.
    reply.header('cross-origin-resource-policy', 'cross-origin')
    // A link that was shared before the votes changed leads to the card of now.
    if (!path.endsWith(`/${asked.hash}.png`)) return reply.header('cache-control', 'public, max-age=300').redirect(path)
    const picture = drawn.get(path) ?? drawCard(card)
    drawn.set(path, picture)
    picture.catch(() => drawn.delete(path))
    return reply
      .header('cache-control', 'public, max-age=31536000, immutable')
      .type('image/png')
      .send(await picture)
  }

  app.get('/cards/:lang/site/:hash.png', options({}), async ({ params }, reply) =>
    send(reply, 'site', siteCard(messagesOf(newsletter, params.lang)), params),
  )

  app.get('/cards/:lang/papers/:id/:hash.png', options({ id: z.string() }), async ({ params }, reply) => {
    const known = await findPublicPaper(services, params.id)
    const [paper] = known ? await readListed(services.db, [known.id], services.now()) : []
    if (!paper) return reply.callNotFound()
    return send(reply, paperPath(paper).slice(1), paperCard(paper, messagesOf(newsletter, params.lang)), params)
  })

  const name = z.string().regex(/^\d{4}-\d{2}-\d{2}-(?:daily|weekly)$/)
  app.get('/cards/:lang/editions/:name/:hash.png', options({ name }), async ({ params }, reply) => {
    const date = params.name.slice(0, 10)
    const kind = params.name.slice(11) as 'daily' | 'weekly'
    const edition = isDay(date) ? await readEditionList(services, date, kind) : undefined
    if (!edition) return reply.callNotFound()
    return send(reply, `editions/${params.name}`, editionCard(edition, messagesOf(newsletter, params.lang)), params)
  })
}
