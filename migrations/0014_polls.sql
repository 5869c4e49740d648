-- When votes were read, what a paper's list said of it, and how votes become chances. Additive: running processes are not disturbed.

-- Every read of a list, also one that changed no votes. `signals` has the changes, so both tell a paper's votes at each read.
-- Rows are deleted after 14 days. A list day is read about 114 times in this time, so the table has some 1,700 rows.
CREATE TABLE polls (
  source   text NOT NULL,
  list_day date NOT NULL,
  read_at  timestamptz NOT NULL,
  CONSTRAINT one_poll_per_moment PRIMARY KEY (list_day, source, read_at)
);
CREATE INDEX polls_read ON polls (read_at);

-- Files that do not say when their votes were read were stored as read at the close. A reason must not claim that.
-- The assumed times are full hours of the day after the list day.
UPDATE signals s SET origin = 'undated' FROM papers p
WHERE p.id = s.paper_id AND s.origin = 'file' AND s.observed_at = date_trunc('hour', s.observed_at)
  AND s.observed_at >= (p.list_day + 1)::timestamp AT TIME ZONE 'UTC' AND s.observed_at < (p.list_day + 2)::timestamp AT TIME ZONE 'UTC';

-- What a paper's own list says of it: its rank, its share of the votes, how it compares with the lists before.
-- Updated while the list is open, then frozen. One row of some 200 bytes per listed paper.
CREATE TABLE list_facts (
  paper_id bigint PRIMARY KEY REFERENCES papers ON DELETE CASCADE,
  facts    jsonb NOT NULL
);

-- The model of a paper's chances, fitted again each month on our own snapshots. Without a row, the shipped one applies.
CREATE TABLE chance_fits (
  fitted_at timestamptz PRIMARY KEY,
  papers    integer NOT NULL,
  model     jsonb NOT NULL
);

-- The facts behind a paper's reason, frozen with its edition, so that the reason is the same in every language and at any time.
ALTER TABLE edition_papers ADD COLUMN facts jsonb NOT NULL DEFAULT '{}';

-- Papers under five votes are not trending. A new value of an enumeration does not rewrite the table.
ALTER TYPE paper_section ADD VALUE 'new' BEFORE 'rising';
