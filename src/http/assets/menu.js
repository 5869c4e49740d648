// Closes the menu of other pages with Escape, and when a click or the focus is elsewhere. Without this script, "More" closes it.
const menu = document.querySelector('.others-menu')

document.addEventListener('keydown', ({ key }) => {
  if (key !== 'Escape' || !menu?.open) return
  if (menu.contains(document.activeElement)) menu.querySelector('summary').focus()
  menu.open = false
})
for (const type of ['click', 'focusin'])
  document.addEventListener(type, ({ target }) => {
    if (menu && !menu.contains(target)) menu.open = false
  })
