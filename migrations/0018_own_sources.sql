-- Papers of a newsletter's own sources. Without votes of a community, a source's weight says how much its papers count.
-- A constant default: PostgreSQL writes no row, so this takes milliseconds. Running processes ignore the column.
ALTER TABLE papers ADD COLUMN weight real NOT NULL DEFAULT 1;
