// The digest comes at the reader's own morning: the form carries the browser's time zone. Without this it counts as UTC.
for (const field of document.querySelectorAll('input[name="zone"][type="hidden"]')) {
  field.value = new Intl.DateTimeFormat().resolvedOptions().timeZone ?? ''
}
