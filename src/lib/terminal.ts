/** Prints a line to stdout. Only this module writes to the terminal; logs go through pino. */
export const print = (line = ''): void => console.log(line)

/** Prints a line to stderr. It replaces control characters, because the line may quote a file and the terminal would obey them. */
export const printError = (line: string): void => console.error(line.replace(/[^\P{Cc}\n\t]/gu, '\ufffd'))

/** Returns a function that shows progress on stderr: a bar on a terminal, a line at every tenth elsewhere. stdout keeps only results. */
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

/** Clears the terminal, for output that redraws itself. */
export const clearScreen = (): void => void process.stdout.write('\x1b[H\x1b[2J')
