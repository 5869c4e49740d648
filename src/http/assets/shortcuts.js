// Keys of one letter, and the help that lists them. Its switch turns them off, which the browser remembers: the letters that speech
// input types would press them too (WCAG 2.1.4).
// A page without the help has no keys.
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
    act()
  })
}
