// Keeps the sentence beside Save true while choosing, and the form after Save. Without this script, the sentence shows the saved choice.
for (const line of document.querySelectorAll('[data-chosen]')) {
  const form = line.closest('form')
  const [none, one, two] = line.dataset.topics.split('|')
  const inWords = (count) => (count === 0 ? none : count === 1 ? one : two.replace('2', count))
  form.addEventListener('input', () => {
    const topics = form.querySelectorAll('[name="topics"]:checked').length
    const chosen = [...form.querySelectorAll('[data-says]:checked, option[data-says]:checked')]
      .filter((each) => each.getClientRects().length > 0 || each.closest('select')?.getClientRects().length > 0)
      .map((each) => each.dataset.says)
    line.textContent = [inWords(topics), ...chosen].join(' · ')
  })
  let isSent = false
  form.addEventListener('submit', () => {
    isSent = true
  })
  // Restored by the back button, `shown` is out of date: a field that was changed back would count as unchanged.
  addEventListener('pageshow', ({ persisted }) => {
    if (persisted && isSent) form.elements.namedItem('shown')?.remove()
  })
}
