// Takes the message about the last change out of the address, so that a reload or a bookmark does not say it again.
if (document.querySelector('.note.good[role="status"]'))
  history.replaceState(null, '', location.pathname + location.hash)
