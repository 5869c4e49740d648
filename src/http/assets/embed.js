// The sign-up form on another site. Solves a proof of work while the reader types, so that the sign-up does not count as
// suspicious. Sets no cookie and no style. Without it, the form still works.
{
  const home = new URL('.', document.currentScript.src)
  const LEAST_MS = 2100 // the service takes a faster proof for a script's
  const PATIENCE_MS = 15_000
  const fromHex = (hex) => Uint8Array.from(hex.match(/../g), (pair) => Number.parseInt(pair, 16))
  const toHex = (bytes) => Array.from(new Uint8Array(bytes), (byte) => byte.toString(16).padStart(2, '0')).join('')
  const later = (ms) => new Promise((done) => setTimeout(done, ms, ''))

  const prove = async () => {
    const reply = await fetch(new URL('api/v1/challenge', home), { credentials: 'omit' })
    const challenge = await reply.json()
    const begun = performance.now()
    const { cost, nonce, salt, keyPrefix, keyLength } = challenge.parameters
    const password = Uint8Array.from([...fromHex(nonce), 0, 0, 0, 0])
    const step = { name: 'PBKDF2', hash: 'SHA-256', salt: fromHex(salt), iterations: cost }
    for (let counter = 0; ; counter++) {
      new DataView(password.buffer).setUint32(password.length - 4, counter)
      const key = await crypto.subtle.importKey('raw', password, 'PBKDF2', false, ['deriveBits'])
      const derivedKey = toHex(await crypto.subtle.deriveBits(step, key, keyLength * 8))
      if (!derivedKey.startsWith(keyPrefix)) continue
      await later(LEAST_MS - (performance.now() - begun))
      return btoa(JSON.stringify({ challenge, solution: { counter, derivedKey } }))
    }
  }

  const fill = (form, name, value) => {
    let field = form.elements.namedItem(name)
    if (!field) {
      field = document.createElement('input')
      field.type = 'hidden'
      field.name = name
      form.append(field)
    }
    field.value = value
  }

  for (const form of document.querySelectorAll('form[data-paperboy]')) {
    let proof
    let sending = false
    const begin = () => (proof ??= prove().catch(() => ''))
    form.addEventListener('focusin', begin)
    form.addEventListener('submit', async (event) => {
      event.preventDefault()
      if (sending) return
      sending = true
      form.setAttribute('aria-busy', 'true')
      fill(form, 'zone', Intl.DateTimeFormat().resolvedOptions().timeZone)
      fill(form, 'proof', await Promise.race([begin(), later(PATIENCE_MS)]))
      // Not form.submit: a field or button of the site's may have that name.
      HTMLFormElement.prototype.submit.call(form)
    })
    // Restored by the back button: the proof is already used.
    addEventListener('pageshow', (event) => {
      if (!event.persisted) return
      proof = undefined
      sending = false
      form.removeAttribute('aria-busy')
    })
  }
}
