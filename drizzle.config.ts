import { defineConfig } from 'drizzle-kit'

/** Only for `drizzle-kit check` and for drafting a migration's SQL; the migrations in migrations/ are written by hand. */
export default defineConfig({ dialect: 'postgresql', schema: './src/runtime/db/schema.ts', out: './migrations' })
