// Keys for lists: j and k move, o opens, v votes, s saves, / searches, ? shows help. Without this script, Tab does all of it.
const papers = [...document.querySelectorAll('.paper, .row')]
const help = document.querySelector('#keys-help')
// After a vote, the page opens again at its paper.
let at = papers.findIndex(({ id }) => id !== '' && id === location.hash.slice(1))

function go(step) {
  at = Math.min(Math.max(at + step, 0), papers.length - 1)
  const link = papers[at]?.querySelector('.paper-title a')
  link?.focus({ preventScroll: true })
  papers[at]?.scrollIntoView({ block: 'nearest' })
}

// The paper that has the focus, or the one last moved to, or the page's own.
const current = () => document.activeElement.closest('.paper, .row') ?? papers[at] ?? document.querySelector('.one')
const press = (selector) => current()?.querySelector(selector)?.click()

const KEYS = {
  j: () => go(1),
  k: () => go(-1),
  o: () => (document.activeElement.closest('a') ?? current()?.querySelector('.paper-title a'))?.click(),
  v: () => press('.vote button'),
  s: () => press('.save button'),
  '/': () => {
    const field = document.querySelector('input[type="search"]')
    if (field) field.focus()
    else document.querySelector('.sections a[href$="/search"]')?.click()
  },
  '?': () => help?.showModal(),
}

document.addEventListener('focusin', ({ target }) => {
  const found = papers.indexOf(target.closest('.paper, .row'))
  if (found >= 0) at = found
})
document.addEventListener('keydown', (event) => {
  const typing = event.target.closest('input, select, textarea, [contenteditable]')
  if (typing || event.ctrlKey || event.metaKey || event.altKey || help?.open) return
  const act = KEYS[event.key]
  if (!act) return
  event.preventDefault()
  act()
})
