// Buttons that copy a text. Without this script they stay hidden: the text can be marked by hand.
for (const button of document.querySelectorAll('[data-copy], [data-copy-of]')) {
  if (!navigator.clipboard) continue
  button.hidden = false
  const before = button.textContent
  button.addEventListener('click', async () => {
    const { copy, copyOf, done } = button.dataset
    await navigator.clipboard.writeText(copy ?? document.getElementById(copyOf).textContent)
    button.textContent = done
    setTimeout(() => {
      button.textContent = before
    }, 2000)
  })
}
