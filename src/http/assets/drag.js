// Order by dragging: a row is pulled by its number, and pinned where it is let go. Without this script, its buttons and Place do it.

const EDGE_PIXELS = 60
const STEP_PIXELS = 12
const content = document.querySelector('#content')
/** @type {{ row: Element, pointer: number, y: number, next?: Element } | undefined} */
let drag

content.classList.add('drags')
// Rising papers have no place.
const movable = () => [...content.querySelectorAll('.desk-paper')].filter((row) => row.querySelector('.moves'))

content.addEventListener('pointerdown', (event) => {
  const row = event.target.closest('.place')?.closest('.desk-paper')
  if (drag || event.button !== 0 || !row?.querySelector('.moves')) return
  event.preventDefault()
  content.setPointerCapture(event.pointerId)
  drag = { row, pointer: event.pointerId, y: event.clientY }
  row.classList.add('dragged')
  requestAnimationFrame(follow)
})
content.addEventListener('pointermove', (event) => {
  if (event.pointerId === drag?.pointer) drag.y = event.clientY
})
content.addEventListener('pointerup', (event) => {
  if (event.pointerId === drag?.pointer) end(true)
})
content.addEventListener('lostpointercapture', () => end(false))
document.addEventListener('keydown', ({ key }) => {
  if (key === 'Escape') end(false)
})

/** Marks where the row would go, and scrolls near the edges of the window. */
function follow() {
  if (!drag) return
  if (drag.y < EDGE_PIXELS) scrollBy(0, -STEP_PIXELS)
  else if (drag.y > innerHeight - EDGE_PIXELS) scrollBy(0, STEP_PIXELS)
  mark()
  requestAnimationFrame(follow)
}

function mark() {
  const rows = movable()
  drag.next = rows.find((row) => {
    const { top, height } = row.getBoundingClientRect()
    return top + height / 2 > drag.y
  })
  unmark()
  if (drag.next) drag.next.classList.add('drop-before')
  else rows.at(-1)?.classList.add('drop-after')
}

const unmark = () => {
  for (const row of content.querySelectorAll('.drop-before, .drop-after'))
    row.classList.remove('drop-before', 'drop-after')
}

function end(isDropped) {
  if (!drag) return
  if (isDropped) mark()
  const { row, next } = drag
  drag = undefined
  unmark()
  row.classList.remove('dragged')
  // A change before this one may have replaced the page.
  if (!isDropped || !row.isConnected) return
  const rows = movable()
  const from = rows.indexOf(row)
  const before = next ? rows.indexOf(next) : rows.length
  const to = before > from ? before - 1 : before
  if (to === from) return
  const form = row.querySelector('form[action$="/pin"]')
  form.elements.place.value = rows[to].querySelector('.place').textContent
  form.requestSubmit(form.querySelector('button'))
}
