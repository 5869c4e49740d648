// Solves a proof of work while the reader types: cheap for one sign-up, expensive for thousands.
// Without it the form still works, but the sign-up counts as more suspicious.
const solverUrl = new URL('solver.js', document.currentScript.src)
const challengeUrl = new URL('../../api/v1/challenge', document.currentScript.src)
const LEAST_MS = 2100 // the service takes a faster proof for a script's
const PATIENCE_MS = 15_000

async function prove() {
  const challenge = await (await fetch(challengeUrl)).json()
  // Start here: the service counts from when it made the challenge, which is earlier.
  const begun = performance.now()
  const solution = await solve(challenge)
  await new Promise((done) => setTimeout(done, LEAST_MS - (performance.now() - begun)))
  return btoa(JSON.stringify({ challenge, solution }))
}

function solve(challenge) {
  const worker = new Worker(solverUrl)
  return new Promise((resolve, reject) => {
    worker.onmessage = ({ data }) => (data?.derivedKey ? resolve(data) : reject(data?.error))
    worker.onerror = reject
    worker.postMessage({ type: 'work', challenge, counterStart: 0, counterStep: 1 })
  }).finally(() => worker.terminate())
}

// The proof takes two seconds: the button says at once that it was pressed.
function setBusy(form, isBusy) {
  const button = form.querySelector('button[type="submit"]')
  button.dataset.ready ??= button.textContent
  form.setAttribute('aria-busy', String(isBusy))
  button.setAttribute('aria-disabled', String(isBusy))
  button.textContent = isBusy ? button.dataset.busy : button.dataset.ready
  document.querySelector('#spoken')?.replaceChildren(isBusy ? button.dataset.busy : '')
  if (!isBusy) return
  const spinner = document.createElement('span')
  spinner.className = 'spinner'
  button.prepend(spinner)
}

for (const form of document.querySelectorAll('form.sign-up')) {
  const field = form.elements.namedItem('proof')
  if (!field) continue
  let proof
  let sending = false
  let patience
  const begin = () => (proof ??= prove().catch(() => ''))
  // The proof is used once.
  const reset = () => {
    clearTimeout(patience)
    field.value = ''
    proof = undefined
    sending = false
    setBusy(form, false)
    form.addEventListener('focusin', begin, { once: true })
  }
  form.addEventListener('focusin', begin, { once: true })
  form.addEventListener('submit', async (event) => {
    event.preventDefault()
    if (sending) return
    sending = true
    setBusy(form, true)
    field.value = await Promise.race([begin(), new Promise((done) => setTimeout(done, PATIENCE_MS, ''))])
    form.submit()
    // After the browser's Stop, this page stays, and no event says so.
    patience = setTimeout(reset, PATIENCE_MS)
  })
  // Restored by the back button.
  addEventListener('pageshow', ({ persisted }) => {
    if (persisted) reset()
  })
}
