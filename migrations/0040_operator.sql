-- What only one process can see and the operator must hear of. Additive: older processes do not read these columns.
-- A keyed mark of the SUPPRESSION_KEY that the hashes in `suppressions` were made with: under another key they match nobody.
ALTER TABLE mailing ADD COLUMN key_mark text;
-- A proxy in a private network that sends X-Forwarded-For and that TRUST_PROXY does not name: when and where it was last seen.
ALTER TABLE mailing ADD COLUMN untrusted_proxy text;
ALTER TABLE mailing ADD COLUMN untrusted_proxy_at timestamptz;
