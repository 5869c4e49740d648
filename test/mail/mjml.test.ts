import { setImmediate } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { compileMjml } from '../../src/mail/mjml.ts'

const document = (sections: string) => `<mjml><mj-body>${sections}</mj-body></mjml>`
const section = (text: string) => `<mj-section><mj-column><mj-text>${text}</mj-text></mj-column></mj-section>`

test('compiles several documents at once, each to its own HTML', async () => {
  const texts = ['one', 'two', 'three']
  const compiled = await Promise.all(texts.map((text) => compileMjml(document(section(text)))))
  for (const [at, text] of texts.entries()) expect(compiled[at]).toContain(`>${text}</div>`)
})

test('an error names the element, and the next document compiles', async () => {
  await expect(compileMjml(document('<mj-nothing></mj-nothing>'))).rejects.toThrow(/mj-nothing/)
  await expect(compileMjml(document(section('fine')))).resolves.toContain('fine')
})

test('emails being sent do not wait while an edition compiles', async () => {
  let turns = 0
  let done = false
  const compiling = compileMjml(document(section('a paper').repeat(200))).then(() => {
    done = true
  })
  while (!done) {
    await setImmediate()
    turns++
  }
  await compiling
  // Compiled in this thread, the event loop turns a few times.
  expect(turns).toBeGreaterThan(1000)
})
