// Takes the message about the last change out of the address, so that a reload or a bookmark does not say it again. The page of a list stays.
if (document.querySelector('.note.good[role="status"]')) {
  const before = new URLSearchParams(location.search).get('before')
  history.replaceState(
    null,
    '',
    location.pathname + (before ? `?before=${encodeURIComponent(before)}` : '') + location.hash,
  )
}
