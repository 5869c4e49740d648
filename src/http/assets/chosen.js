// Keeps the sentence beside Save true while choosing. Without this script it shows the saved choice.
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
}
