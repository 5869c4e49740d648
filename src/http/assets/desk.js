// Curating in place: a form of a row, or with typed words, is sent without leaving the page, and keys press a row's buttons. Without this
// script, forms and Tab do it.
import { listenForKeys } from './shortcuts.js'

const content = document.querySelector('#content')
const spoken = document.body.appendChild(document.createElement('p'))
spoken.className = 'visually-hidden'
spoken.setAttribute('role', 'status')
let at = -1

const rows = () => [...content.querySelectorAll('.desk-paper')]
const rowOf = (element) => element?.closest?.('.desk-paper')

function go(step) {
  const all = rows()
  const from = all.indexOf(rowOf(document.activeElement))
  at = Math.min(Math.max((from < 0 ? at : from) + step, 0), all.length - 1)
  all[at]?.querySelector('h3 a').focus({ preventScroll: true })
  all[at]?.scrollIntoView({ block: 'nearest' })
}
const current = () => rowOf(document.activeElement) ?? rows()[at]
const press = (key) => current()?.querySelector(`[data-key="${key}"]`)?.click()

listenForKeys({
  j: () => go(1),
  k: () => go(-1),
  o: () => current()?.querySelector('h3 a').click(),
  x: () => current()?.querySelector('.abstract summary')?.click(),
  p: () => press('p'),
  d: () => press('d'),
  i: () => press('i'),
  u: () => press('u'),
  b: () => press('b'),
  n: () => {
    const details = current()?.querySelector('.words')
    if (!details) return
    details.open = true
    details.querySelector('textarea').focus()
  },
  a: () => content.querySelector('#add-paper')?.focus(),
})

document.addEventListener('keydown', (event) => {
  if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey) || !event.target.matches('textarea')) return
  event.preventDefault()
  // With its button, whose words are then spoken.
  event.target.form.requestSubmit(event.target.form.querySelector('button'))
})

// The second click of a double click would undo the first.
document.addEventListener('click', (event) => {
  if (event.detail > 1 && event.target.closest('[aria-pressed]')) event.preventDefault()
})

// One change at a time, in the order of the keys: each form has what the one before it made.
let last = Promise.resolve()
document.addEventListener('submit', (event) => {
  const { target: form, submitter } = event
  if (!form.matches('.in-place')) return
  event.preventDefault()
  const row = form.closest('[id]')?.id
  const key = submitter?.dataset.key
  const focusedThen = nameOf(document.activeElement)
  last = last.then(() => send(form, submitter, row, key, focusedThen))
})

// The same name for an element and for its replacement.
const nameOf = (element) => `${rowOf(element)?.id} ${element.id || element.dataset.key || element.tagName}`

async function send(form, submitter, row, key, focusedThen) {
  // The page may have been replaced since the key was pressed. Then the same form is sent with the typed words.
  const own = form.isConnected
    ? form
    : [...(document.getElementById(row)?.querySelectorAll('form.in-place') ?? [])].find(
        ({ action }) => action === form.action,
      )
  if (!own) return
  const button = form.isConnected
    ? submitter
    : own.querySelector(key ? `[data-key="${key}"]` : `button[value="${submitter?.value}"]`)
  if (key && !button) return
  if (own !== form)
    for (const { id, value } of form.elements) {
      const field = id && own.elements[id]
      // Text typed since then is newer.
      if (field && field.value === field.defaultValue) field.value = value
    }
  const body = new URLSearchParams(new FormData(own, button))
  const says = `${button?.ariaPressed === 'true' ? 'Undone' : 'Done'}. ${wordsOf(submitter)}.`
  const sent = new Map([...own.elements].map(({ id, value }) => [id, value]))
  const place = rows().findIndex(({ id }) => id === row)
  try {
    // The property `formAction` of a button without the attribute is the page's own address.
    const reply = await fetch(button?.getAttribute('formaction') ?? own.action, { method: 'POST', body })
    const page = new DOMParser().parseFromString(await reply.text(), 'text/html')
    // A page with the same form explains the problem in it, beside the typed words.
    if (!reply.ok && !sameForm(page, own)) return refuse(own, whyRefused(reply.status, page), reply.status === 401)
    const drafts = unsaved().filter(({ id, value }) => sent.get(id) !== value)
    const focused = document.activeElement
    const isWriting = drafts.some(({ id }) => id === focused.id)
    const hasMovedOn = isWriting || (content.contains(focused) && nameOf(focused) !== focusedThen)
    content.replaceChildren(...page.querySelector('#content').childNodes)
    restore(drafts)
    const placeNow = rows().findIndex(({ id }) => id === row)
    const moved = placeNow >= 0 && placeNow !== place ? ` Now at place ${placeNow + 1}.` : ''
    spoken.textContent = reply.ok ? says + moved : ''
    if (hasMovedOn && focusAgain(focused)) return
    const next = document.getElementById(row)?.matches('.desk-paper') ? document.getElementById(row) : rows()[place]
    const focus =
      next?.querySelector(next.id === row && key ? `[data-key="${key}"]:enabled` : 'h3 a') ??
      next?.querySelector('h3 a')
    focus?.focus({ preventScroll: true })
    next?.scrollIntoView({ block: 'nearest' })
    if (next) return
    const again = sameForm(content, own)
    again?.querySelector(`button[value="${submitter?.value}"]`)?.focus({ preventScroll: true })
    again?.closest('[id]').scrollIntoView({ block: 'nearest' })
  } catch {
    // The browser's own request would leave out the button, which may say what to do with the paper.
    refuse(own, 'No answer came, so this may not be saved.')
  }
}

// The words of a button, without the key that is drawn beside them.
const wordsOf = (button) =>
  button?.ariaLabel ?? [...(button?.childNodes ?? [])].map((each) => (each.ariaHidden ? '' : each.textContent)).join('')

const sameForm = (root, form) =>
  [...root.querySelectorAll('form')].find((each) => each.getAttribute('action') === form.getAttribute('action'))

const whyRefused = (status, page) =>
  status === 401
    ? 'You are signed out, so nothing was changed.'
    : (page.querySelector('[role="alert"]')?.textContent ?? 'That did not work.')

// Says beside a form why it changed nothing. The page stays: the words that were typed in it are nowhere else.
function refuse(form, why, isSignedOut = false) {
  const row = form.closest('[id]')
  for (const earlier of content.querySelectorAll('.refused')) earlier.remove()
  const note = document.createElement('p')
  note.className = 'problem refused'
  note.setAttribute('role', 'alert')
  const again = document.createElement('a')
  again.href = location.pathname
  again.textContent = isSignedOut ? 'Sign in' : 'Open the page again'
  note.append(why, ' Copy what you typed before you leave. ', again)
  const place = row.querySelector('.what') ?? row
  place.append(note)
  note.scrollIntoView({ block: 'nearest' })
}

// Focuses what replaced an element, or its row: the next key must not act on another paper. Returns whether there is one.
function focusAgain(element) {
  const again =
    (element.id && document.getElementById(element.id)) ||
    document.getElementById(rowOf(element)?.id)?.querySelector('h3 a')
  again?.focus({ preventScroll: true })
  if (again?.matches('textarea')) again.setSelectionRange(element.selectionStart, element.selectionEnd)
  return Boolean(again)
}

// Unsaved text stays as it is typed. A preview or a problem shows the typed words as the form's own, with the saved ones beside them.
const unsaved = () =>
  [...content.querySelectorAll('textarea, input[type="text"], input[type="url"]')]
    .filter(({ value, defaultValue, dataset }) => value !== (dataset.saved ?? defaultValue))
    .map(({ id, value }) => ({ id, value }))

// Other forms and links load a page, which would lose it.
addEventListener('beforeunload', (event) => {
  if (unsaved().some(({ id }) => document.getElementById(id).closest('.in-place'))) event.preventDefault()
})

function restore(drafts) {
  for (const { id, value } of drafts) {
    const field = document.getElementById(id)
    if (!field) continue
    field.value = value
    const details = field.closest('details')
    if (details) details.open = true
  }
}
