import { defineConfig } from 'drizzle-kit'

/** Only for `drizzle-kit check` and for drafting a migration's SQL; what is applied is written by hand in migrations/. */
export default defineConfig({ dialect: 'postgresql', schema: './src/runtime/db/schema.ts', out: './migrations' })
