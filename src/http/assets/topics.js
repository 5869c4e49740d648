// Filters topics while typing. Without scripts, the field is hidden, and the list scrolls.
const find = document.querySelector('#find-topic')
if (find) {
  const labels = [...document.querySelectorAll('.topic-choice .scroll label')]
  find.addEventListener('input', () => {
    const wanted = find.value.trim().toLowerCase()
    for (const label of labels) {
      const chosen = label.querySelector('input').checked
      label.hidden = !chosen && !label.textContent.toLowerCase().includes(wanted)
    }
  })
  // Enter must not submit the half-filled form.
  find.addEventListener('keydown', (event) => event.key === 'Enter' && event.preventDefault())
}
