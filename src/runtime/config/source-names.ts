/** The sources that PAPER_SOURCES may name. Each is one file in papers/ingest/sources. */
export const SOURCE_NAMES = ['hf', 'arxiv'] as const
export type SourceName = (typeof SOURCE_NAMES)[number]

/** Days after a list day to follow its votes; 0 for a source without votes, as all of a newsletter's own are. */
export const FOLLOW_DAYS: Readonly<Record<SourceName, number>> = { hf: 14, arxiv: 0 }

/** Sources of a community's votes. Their reads confirm the votes of any paper on the list. */
export const VOTED_SOURCES: readonly string[] = SOURCE_NAMES.filter((name) => FOLLOW_DAYS[name] > 0)

/** Whether a community's list is in use. Without one, announcements are the list, and reads of all sources count. */
export const hasVotedSource = ({ PAPER_SOURCES }: { PAPER_SOURCES: readonly SourceName[] }): boolean =>
  PAPER_SOURCES.some((name) => VOTED_SOURCES.includes(name))

/** Returns the names of the sources in use: those of PAPER_SOURCES, and the newsletter's own. */
export const namesOfSources = (config: {
  PAPER_SOURCES: readonly SourceName[]
  newsletter: { sources: readonly { name: string }[] }
}): string[] => [...config.PAPER_SOURCES, ...config.newsletter.sources.map(({ name }) => name)]

export const isSourceName = (name: string): name is SourceName => SOURCE_NAMES.some((known) => known === name)
