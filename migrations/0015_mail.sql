-- What readers see in their emails. All columns have defaults, so that older processes keep working.

-- Whether a language model wrote the summary: the email says so. The update rewrites each paper with such a summary, some seconds
-- for 100,000 papers.
ALTER TABLE papers ADD COLUMN summary_by_ai boolean NOT NULL DEFAULT false;
UPDATE papers SET summary_by_ai = true WHERE summary IS NOT NULL AND raw #>> '{paper,ai_summary}' IS NOT NULL;

-- Where titles in a digest lead, and whether the abstract's first sentences replace AI summaries.
ALTER TABLE subscribers
  ADD COLUMN source_links boolean NOT NULL DEFAULT false,
  ADD COLUMN abstracts boolean NOT NULL DEFAULT false;

-- The curator's note to the readers of an edition, in Markdown.
ALTER TABLE editions ADD COLUMN editor_note text;

-- Why readers unsubscribe, as counts. Nothing says who gave a reason.
CREATE TABLE unsubscribe_reasons (
  day    date NOT NULL,
  reason text NOT NULL,
  count  integer NOT NULL,
  CONSTRAINT one_count_per_reason_and_day PRIMARY KEY (day, reason)
);

-- Tells the old address that a subscription moved. A worker of an older version fails on this kind, so update workers first.
ALTER TYPE service_mail ADD VALUE 'moved';
-- The old address, which the reader's row no longer has. Kept until its email is settled, and deleted with an erased reader.
CREATE TABLE moved_addresses (
  outbox_id    bigint PRIMARY KEY REFERENCES outbox (id) ON DELETE CASCADE,
  email        text NOT NULL,
  address_hash bytea NOT NULL
);
