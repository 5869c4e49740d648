import { HtmlValidate } from 'html-validate'
import { describe, expect } from 'vitest'
import { addThumbnail } from '../../support/pictures.ts'
import { addPapers } from '../../support/services.ts'
import { form, siteOn, test } from '../site.ts'
import { PAGE_RULES } from '../valid-html.ts'

const OWN = { 'sec-fetch-site': 'same-origin' }

describe('pictures of papers', () => {
  test('stand on the lists of a day and a week and on the paper’s page, with their size, from this site', async ({
    db,
    site: { app },
  }) => {
    const [id] = await addPapers(db, '2026-04-14', 3)
    const hash = await addThumbnail(db, id!)
    for (const url of ['/', '/papers?date=2026-04-14', '/papers?week=2026-W16', '/papers?month=2026-04']) {
      const { body } = await app.inject(url)
      expect(body.match(/<img [^>]+>/g)).toEqual([
        `<img class="picture" src="/thumbnails/${id}/${hash}-small.webp" width="112" height="61" alt="Picture of the paper “Paper 1 of 2026-04-14”" decoding="async">`,
      ])
      expect(
        (await new HtmlValidate(PAGE_RULES).validateString(body)).results.flatMap(({ messages }) => messages),
      ).toEqual([])
    }
    const { body, headers } = await app
      .inject(`/papers/${id}`)
      .then(({ headers }) => app.inject(headers.location as string))
    expect(body).toContain(`src="/thumbnails/${id}/${hash}-large.webp" width="336" height="182"`)
    expect(headers['content-security-policy']).toContain("img-src 'self'")
  })

  test('may be cached forever, and another hash is not found', async ({ db, site: { app } }) => {
    const [id] = await addPapers(db, '2026-04-14', 1)
    const hash = await addThumbnail(db, id!)
    const { headers, statusCode, rawPayload } = await app.inject(`/thumbnails/${id}/${hash}-small.webp`)
    expect([statusCode, headers['content-type'], headers['cache-control']]).toEqual([
      200,
      'image/webp',
      'public, max-age=31536000, immutable',
    ])
    expect(rawPayload.subarray(8, 12).toString()).toBe('WEBP')
    for (const path of [
      `${id}/${'0'.repeat(16)}-small.webp`,
      `${id}/${hash}-huge.webp`,
      `x/${hash}-small.webp`,
      `${id}/..%2f`,
    ])
      expect([path, (await app.inject(`/thumbnails/${path}`)).statusCode]).toEqual([path, 404])
  })

  test('are hidden and shown again by a button, which a cookie remembers', async ({ db, site: { app } }) => {
    const [id] = await addPapers(db, '2026-04-14', 1)
    await addThumbnail(db, id!)
    const post = (show: string, headers = {}) => {
      const { payload, headers: type } = form({ show, back: '/papers?date=2026-04-14' })
      return app.inject({ method: 'POST', url: '/pictures', payload, headers: { ...type, ...OWN, ...headers } })
    }
    const hidden = await post('off')
    expect([hidden.statusCode, hidden.headers.location]).toEqual([303, '/papers?date=2026-04-14'])
    const [cookie] = hidden.cookies
    expect(cookie).toMatchObject({ value: 'off', httpOnly: true, sameSite: 'Lax', maxAge: 365 * 86_400 })
    const { body } = await app.inject({ url: '/', cookies: { [cookie!.name]: 'off' } })
    expect(body).not.toContain('<img')
    expect(body).toContain('Show pictures')
    expect((await post('on')).cookies[0]!.value).toBe('')
    expect((await app.inject('/')).body).toContain('Hide pictures')
    // Another site cannot press the button.
    expect((await post('off', { 'sec-fetch-site': 'cross-site' })).cookies).toEqual([])
    expect((await app.inject({ url: '/?pictures=off' })).cookies).toEqual([])
  })

  test('do not exist with THUMBNAILS=off', async ({ db, site }) => {
    const [id] = await addPapers(db, '2026-04-14', 1)
    const hash = await addThumbnail(db, id!)
    const { app } = siteOn({ ...site.services, config: { ...site.services.config, THUMBNAILS: false } })
    const { body } = await app.inject('/')
    expect(body).not.toMatch(/<img|pictures/i)
    expect((await app.inject(`/thumbnails/${id}/${hash}-small.webp`)).statusCode).toBe(404)
    await app.close()
  })
})
