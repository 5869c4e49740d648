// Sends the browser's time zone, so that digests come in the reader's morning. Without this script: UTC.
for (const field of document.querySelectorAll('input[name="zone"][type="hidden"]')) {
  field.value = new Intl.DateTimeFormat().resolvedOptions().timeZone ?? ''
}
