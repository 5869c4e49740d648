// Filters topics while typing. Without scripts, the field is hidden, and the list scrolls.
const find = document.querySelector('#find-topic')
if (find) {
  const labels = [...document.querySelectorAll('.topic-choice .scroll label')]
  const said = document.querySelector('.topic-choice [data-none]')
  find.addEventListener('input', () => {
    const words = find.value.trim()
    const fits = (label) => label.textContent.toLowerCase().includes(words.toLowerCase())
    for (const label of labels) label.hidden = !label.querySelector('input').checked && !fits(label)
    said.textContent = labels.some(fits) ? '' : said.dataset.none.replace('…', () => words)
  })
  // Enter must not submit the half-filled form.
  find.addEventListener('keydown', (event) => event.key === 'Enter' && event.preventDefault())
}
