import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { renderMarkdown } from '../../edition/compose/markdown.ts'
import { describeEdition, findEdition } from '../../edition/draft/control.ts'
import { setWording } from '../../edition/draft/wording.ts'
import { PaperboyError } from '../../lib/errors.ts'
import { editionHref } from '../../operate/attention/attention.ts'
import { withAudit } from '../../operate/audit.ts'
import type { Services } from '../../runtime/services.ts'
import { editionParams as params, seen, showEdition } from './edition.ts'
import { wordingForm } from './edition-page.ts'
import { actor } from './guard.ts'

/** A draft's words: the editor's note with its preview, the subject, the sponsor. */
export const wordingRoutes: FastifyPluginAsyncZod<Services> = async (app, services) => {
  const field = z.string().catch('')
  const wording = z.object({
    note: field,
    subject: field,
    sponsorName: field,
    sponsorText: field,
    sponsorUrl: field,
    do: z.enum(['save', 'preview']).catch('save'),
    seen,
  })
  app.post('/admin/editions/:kind/:date/wording', { schema: { params, body: wording } }, async (request, reply) => {
    const { params: key, body } = request
    const { note, subject, sponsorName, sponsorText, sponsorUrl } = body
    const again = async (code: number, more: object) => {
      const stored = wordingForm(await findEdition(services, key))
      const { do: _, ...typed } = body
      const wording = { ...stored, ...typed, saved: stored, ...more }
      return showEdition(services, reply.code(code), key, { more: { wording } })
    }
    if (body.do === 'preview') return again(200, { preview: renderMarkdown(note, '').map(({ html }) => html) })
    try {
      await withAudit(
        services,
        { actor: actor(request), action: 'set the words of', target: describeEdition(key) },
        (db) =>
          setWording(
            { db },
            key,
            {
              editorNote: note,
              subject,
              sponsor: { name: sponsorName.trim(), text: sponsorText.trim(), url: sponsorUrl.trim() },
            },
            body.seen,
          ),
      )
    } catch (error) {
      if (!(error instanceof PaperboyError)) throw error
      if (error.code === 'BAD_EDITION') return again(422, { problem: error.message })
      if (error.code !== 'EDITION_CHANGED') throw error
      // The typed words stay in the form, beside the stored ones. Saving again replaces those knowingly.
      const stored = wordingForm(await findEdition(services, key))
      return again(409, { stored, seen: stored.seen })
    }
    return reply.redirect(`${editionHref(key)}#wording`, 303)
  })
}
