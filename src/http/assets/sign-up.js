// While the reader types, the browser does a piece of work that is nothing for one sign-up and a lot for thousands (proof of work).
// Without this script, or where it fails, the form works all the same and counts as more doubtful.
const solverUrl = new URL('solver.js', document.currentScript.src)
const challengeUrl = new URL('../../api/v1/challenge', document.currentScript.src)
const LEAST_MS = 2100 // a proof that comes back sooner is taken for a script's
const PATIENCE_MS = 15_000

async function prove() {
  const challenge = await (await fetch(challengeUrl)).json()
  // From here on: the service counts from when it made the task, which is before it came, however slow the way there was.
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

for (const form of document.querySelectorAll('form.sign-up')) {
  const field = form.elements.namedItem('proof')
  if (!field) continue
  let proof
  let sending = false
  const begin = () => (proof ??= prove().catch(() => ''))
  form.addEventListener('focusin', begin, { once: true })
  form.addEventListener('submit', async (event) => {
    event.preventDefault()
    if (sending) return
    sending = true
    form.setAttribute('aria-busy', 'true')
    field.value = await Promise.race([begin(), new Promise((done) => setTimeout(done, PATIENCE_MS, ''))])
    form.submit()
  })
  // A page that comes back by the browser's back button: its proof is spent.
  addEventListener('pageshow', (event) => {
    if (!event.persisted) return
    field.value = ''
    proof = undefined
    sending = false
    form.removeAttribute('aria-busy')
    form.addEventListener('focusin', begin, { once: true })
  })
}
