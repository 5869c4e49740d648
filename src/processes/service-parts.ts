/** What the page of `npm start` needs besides its configuration. One module, so that it loads while PostgreSQL starts. */
export { buildApp } from '../app.ts'
export { checkForRestore } from '../delivery/ledger/restore-guard.ts'
export { ensureFirstEdition, ensureFirstPapers } from '../local/first-edition.ts'
export { configuredSources } from '../papers/ingest/sources/configured.ts'
export { migrate } from '../runtime/db/database.ts'
export { openServices } from '../runtime/open-services.ts'
