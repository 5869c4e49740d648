-- Papers as the sources gave them, and what the community thought of them over time.
-- A paper is one (source, source id): the arXiv id where there is one, else a hash of the normalised title.
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
  sample        boolean NOT NULL DEFAULT false,
  raw           jsonb NOT NULL,
  created_at    timestamptz NOT NULL DEFAULT now(),
  updated_at    timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT one_paper_per_source_id UNIQUE (source, source_id)
);
CREATE INDEX papers_list_day ON papers (list_day, list_position);

-- One observation of a paper; a snapshot is never overwritten, since velocity is read from the series.
CREATE TABLE signals (
  paper_id    bigint NOT NULL REFERENCES papers ON DELETE CASCADE,
  observed_at timestamptz NOT NULL,
  votes       integer NOT NULL,
  comments    integer NOT NULL DEFAULT 0,
  stars       integer,
  origin      text NOT NULL,
  CONSTRAINT one_signal_per_moment PRIMARY KEY (paper_id, observed_at)
);

-- What a source last said of a list day, so that the next request can be conditional and an empty day is told from an unread one.
CREATE TABLE source_reads (
  source        text NOT NULL,
  list_day      date NOT NULL,
  read_at       timestamptz NOT NULL,
  etag          text,
  last_modified text,
  papers        integer NOT NULL,
  CONSTRAINT one_read_per_source_day PRIMARY KEY (source, list_day)
);

-- The curator's word on a list day's paper: put it first with a note, or leave it out.
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
