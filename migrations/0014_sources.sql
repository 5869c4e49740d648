-- More places that papers come from, and how those places are. Additive: every new column has a default, so that running
-- processes of the version before go on as they did.

-- Known from arXiv's own announcement and not (yet) from the community's list; a list's word replaces an announcement's.
ALTER TABLE papers ADD COLUMN announced boolean NOT NULL DEFAULT false;
-- arXiv's version number as last seen, and when we saw the paper withdrawn.
ALTER TABLE papers ADD COLUMN version smallint;
ALTER TABLE papers ADD COLUMN withdrawn_at timestamptz;

-- How each source has been answering: an outage has a beginning, and a list that never changes is not a fresh one.
CREATE TABLE source_health (
  source         text PRIMARY KEY,
  read_at        timestamptz,
  changed_at     timestamptz,
  -- the day that its list is still on, where it has not begun today's
  still_on       date,
  failing_since  timestamptz,
  failure        text
);

-- When an edition's list day was last read, as of its assembly: votes cast later are not counted, and the mail says so.
ALTER TABLE editions ADD COLUMN list_read_at timestamptz;

-- The next moment at which a source may be asked, for sources that say how often: one row for all processes.
CREATE TABLE source_pace (
  source  text PRIMARY KEY,
  next_at timestamptz NOT NULL
);

-- Papers that readers proposed. Who did is not kept here.
CREATE TYPE submission_state AS ENUM ('asked', 'found', 'unknown', 'accepted', 'declined');
CREATE TABLE submissions (
  id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  arxiv_id     text NOT NULL CONSTRAINT one_submission_per_paper UNIQUE,
  state        submission_state NOT NULL DEFAULT 'asked',
  times        integer NOT NULL DEFAULT 1,
  found        jsonb,
  curator      text,
  note         text,
  submitted_at timestamptz NOT NULL DEFAULT now(),
  decided_at   timestamptz
);
