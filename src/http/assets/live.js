// Counts of deliveries as they change. Without this script, "Refresh" shows them.
const watched = document.querySelector('[data-events]')
const source = new EventSource(watched.dataset.events)
const edition = document.querySelector('[data-live="edition"]')
const begun = edition.classList[1]

function show(name, text) {
  for (const field of document.querySelectorAll(`[data-live="${name}"]`))
    if (field.textContent !== text) field.textContent = text
}

source.addEventListener('message', ({ data }) => {
  const counts = JSON.parse(data)
  // Other buttons are right then.
  if (counts.edition !== begun && !(begun === 'released' && counts.edition === 'sending')) {
    source.close()
    location.reload()
    return
  }
  show('total', counts.total)
  show('done', counts.done)
  document.querySelector('[data-live="share"]').value = counts.share
  for (const [state, count] of counts.figures) show(state, count)
})
addEventListener('pagehide', () => source.close())
