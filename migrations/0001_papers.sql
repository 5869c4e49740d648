-- Migrations never change once they are on main, and are never squashed again: docs/decisions/migrations.md.

-- Papers as sources deliver them, what the community thinks of them over time, and how the sources themselves are doing.

-- A paper is identified by (source, source_id): the arXiv id, or else a hash of the normalised title.
CREATE TABLE papers (
  id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  source        text NOT NULL,
  source_id     text NOT NULL,
  title         text NOT NULL,
  abstract      text NOT NULL,
  summary       text,
  authors       text[] NOT NULL DEFAULT '{}',
  organization  text,
  submitter     text,
  keywords      text[] NOT NULL DEFAULT '{}',
  published_at  timestamptz,
  list_day      date NOT NULL,
  listed_at     timestamptz,
  list_position integer NOT NULL,
  url           text,
  pdf_url       text,
  code_url      text,
  project_url   text,
  -- comes from the sample data of a first start, and disappears behind real papers
  sample        boolean NOT NULL DEFAULT false,
  raw           jsonb NOT NULL,
  created_at    timestamptz NOT NULL DEFAULT now(),
  updated_at    timestamptz NOT NULL DEFAULT now(),
  -- arXiv's categories, such as "cs.CL"
  categories    text[] NOT NULL DEFAULT '{}',
  -- slugs that src/papers/topics/topics.ts derives from categories, keywords and title
  topics        text[] NOT NULL DEFAULT '{}',
  -- known from arXiv's announcement only; data from the community's list replaces it
  announced     boolean NOT NULL DEFAULT false,
  -- arXiv's version number, and when we first saw the paper withdrawn
  version       smallint,
  withdrawn_at  timestamptz,
  -- as pages show them (src/papers/readable.ts); NULL where that equals the source's text
  shown_title    text,
  shown_abstract text,
  shown_authors  text[],
  CONSTRAINT one_paper_per_source_id UNIQUE (source, source_id)
);
CREATE INDEX papers_list_day ON papers (list_day, list_position);
CREATE INDEX papers_topics ON papers USING gin (topics);

-- One observation of a paper. Snapshots are never overwritten: velocity is computed from the series.
CREATE TABLE signals (
  paper_id    bigint NOT NULL REFERENCES papers ON DELETE CASCADE,
  observed_at timestamptz NOT NULL,
  votes       integer NOT NULL,
  comments    integer NOT NULL DEFAULT 0,
  stars       integer,
  origin      text NOT NULL,
  CONSTRAINT one_signal_per_moment PRIMARY KEY (paper_id, observed_at)
);

-- A source's last answer for a list day. It makes the next request conditional, and tells an empty day from an unread one.
CREATE TABLE source_reads (
  source        text NOT NULL,
  list_day      date NOT NULL,
  read_at       timestamptz NOT NULL,
  etag          text,
  last_modified text,
  papers        integer NOT NULL,
  CONSTRAINT one_read_per_source_day PRIMARY KEY (source, list_day)
);

-- How each source has been answering. An outage needs a start time, and a list that never changes is not fresh.
CREATE TABLE source_health (
  source         text PRIMARY KEY,
  read_at        timestamptz,
  changed_at     timestamptz,
  -- the day that the source's list still shows, if today's has not begun
  still_on       date,
  failing_since  timestamptz,
  failure        text
);

-- The earliest time of the next request, for sources that state a rate limit. All processes share the row.
CREATE TABLE source_pace (
  source  text PRIMARY KEY,
  next_at timestamptz NOT NULL
);

-- The curator's decision about a paper of a list day: put it first, with a note, or drop it.
CREATE TYPE pick_verdict AS ENUM ('picked', 'dropped');
CREATE TABLE picks (
  paper_id   bigint NOT NULL REFERENCES papers ON DELETE CASCADE,
  list_day   date NOT NULL,
  verdict    pick_verdict NOT NULL,
  note       text,
  curator    text,
  created_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT one_pick_per_paper_and_day PRIMARY KEY (list_day, paper_id)
);

-- Papers that readers suggested. The suggesting reader is not stored here.
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

-- Clicks on links in emails, where counting is on: a sum by paper, link and day. It identifies no reader.
CREATE TABLE clicks (
  paper_id bigint NOT NULL REFERENCES papers ON DELETE CASCADE,
  link     text NOT NULL,
  day      date NOT NULL,
  people   integer NOT NULL DEFAULT 0,
  -- fetches by clients that identify themselves as programs
  scanners integer NOT NULL DEFAULT 0,
  CONSTRAINT one_sum_per_link_and_day PRIMARY KEY (paper_id, link, day)
);
