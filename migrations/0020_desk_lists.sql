-- The desk's lists, sums and imports. New tables and indexes: running processes are not disturbed.

-- The list of readers finds a domain, and readers who are not active, without reading all rows. Each index takes about two seconds
-- for a million readers, while sign-ups wait. Erasing a reader asks for other readers of their domain, and now finds them too. The index of
-- domains is written for each digest that is planned: docs/decisions/bounded-lists.md has the cost.
CREATE INDEX subscribers_domain ON subscribers (split_part(email_key, '@', -1), id);
-- Active readers are not in it, so planning a digest, which updates each of their rows, writes nothing here.
CREATE INDEX subscribers_not_active ON subscribers (status, id) WHERE status <> 'active';
-- One reader's entries, for their page.
CREATE INDEX audit_log_about ON audit_log (about);

-- Readers who signed up, confirmed, unsubscribed and so on, by day (UTC). A worker counts the last two days again and again; an
-- earlier day never changes, so that erasing a reader does not rewrite the past. Six rows a day.
CREATE TABLE reader_days (
  day     date NOT NULL,
  event   text NOT NULL,
  readers integer NOT NULL,
  CONSTRAINT one_count_per_event_and_day PRIMARY KEY (day, event)
);

-- Sums over all readers, votes or deliveries, which a page may not count at each view: one document for each page.
CREATE TABLE sums (
  name       text PRIMARY KEY,
  counted_at timestamptz NOT NULL,
  body       jsonb NOT NULL
);

-- An edition's deliveries by domain and state, counted while it is sent and some days longer. The ledger's partition need not be read
-- again for each page. Domains with few readers are one row with an empty name: a personal domain names its owner.
CREATE TABLE edition_domains (
  edition_id bigint NOT NULL REFERENCES editions ON DELETE CASCADE,
  domain     text NOT NULL,
  state      delivery_state NOT NULL,
  deliveries integer NOT NULL,
  CONSTRAINT one_count_per_domain_and_state PRIMARY KEY (edition_id, domain, state)
);

-- Files of readers uploaded in the browser. The file is deleted when its import ends, or after a day.
CREATE TABLE reader_imports (
  id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  uploaded_at timestamptz NOT NULL,
  -- an address of ADMIN_EMAILS; also the default for who attests consent
  uploaded_by text NOT NULL,
  file_name   text NOT NULL,
  bytes       integer NOT NULL,
  -- compressed; NULL once the import ended
  file        bytea,
  -- uploaded, to check, checked, to import, done or failed
  state       text NOT NULL,
  -- meanings of columns and what else the operator chose
  options     jsonb NOT NULL DEFAULT '{}',
  -- the result of the dry run or the import, or why there is none
  result      jsonb,
  lines_read  integer NOT NULL DEFAULT 0,
  -- a worker works on it until then; later, another may
  lease_until timestamptz
);
