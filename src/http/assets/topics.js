// Finding a topic as you type. Without this, the list is there to scroll.
const find = document.querySelector('#find-topic')
if (find) {
  find.closest('.find').hidden = false
  const labels = [...document.querySelectorAll('.topic-choice .scroll label')]
  find.addEventListener('input', () => {
    const wanted = find.value.trim().toLowerCase()
    for (const label of labels) {
      const chosen = label.querySelector('input').checked
      label.hidden = !chosen && !label.textContent.toLowerCase().includes(wanted)
    }
  })
  // Enter looks no further; it must not save the form half filled in.
  find.addEventListener('keydown', (event) => event.key === 'Enter' && event.preventDefault())
}
