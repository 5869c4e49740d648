/** The sources that PAPER_SOURCES may name. Each is one file in papers/ingest/sources. */
export const SOURCE_NAMES = ['hf', 'arxiv'] as const
export type SourceName = (typeof SOURCE_NAMES)[number]

export const isSourceName = (name: string): name is SourceName => SOURCE_NAMES.some((known) => known === name)
