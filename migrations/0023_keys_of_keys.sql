-- The key that made a key by the API. Revoking a key revokes those that it made, so that a leaked one leaves none behind. One empty
-- column: no row is rewritten, and older processes leave it empty.
ALTER TABLE api_keys ADD COLUMN made_by bigint REFERENCES api_keys (id);
