// Buttons that copy a text. Without scripts they are hidden: the text can be marked by hand.
for (const button of document.querySelectorAll('[data-copy], [data-copy-of]')) {
  // Browsers have none on a page without TLS.
  button.hidden = !navigator.clipboard
  const before = button.textContent
  button.addEventListener('click', async () => {
    const { copy, copyOf, done, failed } = button.dataset
    const text = copy ?? document.getElementById(copyOf).textContent
    const outcome = await navigator.clipboard.writeText(text).then(
      () => done,
      () => failed,
    )
    const spoken = document.querySelector('#spoken')
    button.textContent = outcome
    spoken?.replaceChildren(outcome)
    setTimeout(() => {
      button.textContent = before
      // So that the same word is heard again.
      spoken?.replaceChildren()
    }, 2000)
  })
}
