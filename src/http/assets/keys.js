// Keys for lists: j and k move, o opens, v votes, s saves, / searches, ? shows help. Without this script, Tab does all of it.
import { listenForKeys } from './shortcuts.js'

const papers = [...document.querySelectorAll('.paper, .row')]
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

listenForKeys({
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
})

document.addEventListener('focusin', ({ target }) => {
  const found = papers.indexOf(target.closest('.paper, .row'))
  if (found >= 0) at = found
})
