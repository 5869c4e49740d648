// Keys of one letter, and the help that lists them. A page without the help has no keys. Its switch turns them off, and the browser
// remembers that: speech input types letters too, which would press them (WCAG 2.1.4).
const help = document.querySelector('#keys-help')
const choice = help?.querySelector('[name="keys"]')

// A browser may refuse to remember anything. The choice then holds for the page.
const stored = (act) => {
  try {
    return act(localStorage)
  } catch {
    return null
  }
}
if (choice) choice.checked = stored((storage) => storage.getItem('keys')) !== 'off'
choice?.addEventListener('change', () =>
  stored((storage) => (choice.checked ? storage.removeItem('keys') : storage.setItem('keys', 'off'))),
)

const showHelp = () => help.showModal()
document.addEventListener('click', ({ target }) => {
  if (target.closest('[data-opens="keys-help"]')) showHelp()
})

// Calls what belongs to a key, unless someone is typing. @param acts functions by key; ? shows the help
export function listenForKeys(acts) {
  const all = { ...acts, '?': showHelp }
  document.addEventListener('keydown', (event) => {
    const typing = event.target.closest('input, select, textarea, [contenteditable]')
    if (typing || event.ctrlKey || event.metaKey || event.altKey || !choice?.checked || help.open) return
    const act = all[event.key]
    if (!act) return
    event.preventDefault()
    // A key that is held goes on through the list. It must not drop the next paper, which has come under it, too.
    if (!event.repeat || event.key === 'j' || event.key === 'k') act()
  })
}
