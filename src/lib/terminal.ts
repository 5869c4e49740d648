/** The only place that writes to the terminal for people; logs go through pino. */
export const say = (line = ''): void => console.log(line)

/** Without control characters: a line may quote a file, and a terminal obeys them. */
export const complain = (line: string): void => console.error(line.replace(/[^\P{Cc}\n\t]/gu, '\ufffd'))

/** A progress bar on a terminal, a line at every tenth elsewhere. All of it goes to stderr, so that stdout stays the result. */
export function progressBar(label: string, total: number): (done: number, note?: string) => void {
  let lastTenth = -1
  return (done, note = '') => {
    const share = total === 0 ? 1 : Math.min(done / total, 1)
    if (process.stderr.isTTY) {
      const filled = Math.round(share * 30)
      const bar = '█'.repeat(filled) + '░'.repeat(30 - filled)
      const end = share === 1 ? '\n' : ''
      process.stderr.write(
        `\r${label} ${bar} ${done.toLocaleString('en')}/${total.toLocaleString('en')} ${note}\x1b[K${end}`,
      )
    } else if (Math.floor(share * 10) > lastTenth) {
      lastTenth = Math.floor(share * 10)
      console.error(`${label} ${done}/${total} ${note}`.trimEnd())
    }
  }
}

/** For what is shown again and again in one place. */
export const clearScreen = (): void => void process.stdout.write('\x1b[H\x1b[2J')
