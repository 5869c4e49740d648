import type { ChildProcess } from 'node:child_process'

/** Ends a child process together with this one: leftovers of an interrupted benchmark would falsify the next. */
export function endsWithUs<Child extends ChildProcess>(child: Child): Child {
  const end = () => child.kill('SIGKILL')
  process.once('exit', end)
  child.once('exit', () => process.off('exit', end))
  return child
}
