/** The sources that PAPER_SOURCES may name. Each is one file in papers/ingest/sources. */
export const SOURCE_NAMES = ['hf', 'arxiv'] as const
export type SourceName = (typeof SOURCE_NAMES)[number]
