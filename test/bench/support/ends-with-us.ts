import type { ChildProcess } from 'node:child_process'

/** A process that does not outlive this one: what a broken-off benchmark leaves running falsifies the next. */
export function endsWithUs<Child extends ChildProcess>(child: Child): Child {
  const end = () => child.kill('SIGKILL')
  process.once('exit', end)
  child.once('exit', () => process.off('exit', end))
  return child
}
