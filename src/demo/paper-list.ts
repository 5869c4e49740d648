import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/**
 * Starts a local paper source that needs no network. It answers `/api/daily_papers?date=` like Hugging Face, with the sample's papers.
 *
 * @param days the list days that get the sample's first day, its second, and so on
 */
export async function startPaperList(days: readonly string[]): Promise<{ url: string; close(): Promise<void> }> {
  const sample = JSON.parse(await readFile(new URL('../papers/ingest/sample/papers.json', import.meta.url), 'utf8'))
  const server = createServer((request, reply) => {
    const day = new URL(request.url ?? '/', 'http://localhost').searchParams.get('date') ?? ''
    const papers: { hourOfDay: number; paper: object }[] = sample.days[days.indexOf(day)]?.papers ?? []
    const listed = papers.map(({ hourOfDay, paper, ...rest }) => ({
      ...rest,
      paper: { ...paper, submittedOnDailyAt: `${day}T${String(hourOfDay).padStart(2, '0')}:00:00.000Z` },
    }))
    reply.setHeader('content-type', 'application/json').end(JSON.stringify(listed))
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => new Promise((done) => server.close(() => done())),
  }
}
