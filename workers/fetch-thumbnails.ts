import { fetchThumbnails } from '../src/papers/thumbnails/fetch-thumbnails.ts'
import type { Services } from '../src/runtime/services.ts'

/** Job `fetch-thumbnails`: fetches the pictures of new papers. Failures are retried a few times. */
export async function fetchThumbnailsJob(services: Services, signal: AbortSignal): Promise<void> {
  if (!services.config.THUMBNAILS) return
  const { failed } = await fetchThumbnails(services, { signal })
  for (const failure of failed) services.log.warn(failure, 'a picture could not be fetched')
}
