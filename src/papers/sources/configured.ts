import type { Config } from '../../config.ts'
import { hfSource } from './hf.ts'
import type { Source } from './source.ts'

/** The sources that PAPER_SOURCES names. */
export const configuredSources = (config: Pick<Config, 'PAPER_SOURCES' | 'PUBLIC_URL'>): Source[] =>
  config.PAPER_SOURCES.map((name) => ({ hf: () => hfSource({ publicUrl: config.PUBLIC_URL }) })[name]())
