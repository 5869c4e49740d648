-- Editions. A draft can be assembled again and again; releasing it freezes its papers and its composed parts for good.
CREATE TYPE edition_kind AS ENUM ('daily', 'weekly');
CREATE TYPE edition_state AS ENUM ('draft', 'released', 'sending', 'paused', 'sent', 'cancelled');

CREATE TABLE editions (
  id                bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  kind              edition_kind NOT NULL DEFAULT 'daily',
  date              date NOT NULL,
  state             edition_state NOT NULL DEFAULT 'draft',
  held              boolean NOT NULL DEFAULT false,
  closes_at         timestamptz NOT NULL,
  release_at        timestamptz NOT NULL,
  assembled_at      timestamptz NOT NULL,
  released_at       timestamptz,
  -- set by "send to all now"; after a crash, planning resumes from it until planned_at is set
  send_all_at       timestamptz,
  planned_at        timestamptz,
  sent_at           timestamptz,
  -- key of this edition's Message-IDs, so that a reader cannot compute another reader's
  message_key       bytea NOT NULL,
  subject           text,
  preheader         text,
  -- error budget: replies since the edition last started, and why it paused itself
  answered          integer NOT NULL DEFAULT 0,
  refused           integer NOT NULL DEFAULT 0,
  paused_why        text,
  -- when its list day was last read; later votes do not count, and the email says so
  list_read_at      timestamptz,
  -- a person released it, so its age counts from the release instead of its list's close
  by_hand           boolean NOT NULL DEFAULT false,
  -- why Paperboy holds it; NULL when a person holds it
  held_why          text,
  -- "send to all now" also includes readers who did not ask for this kind
  to_everyone       boolean NOT NULL DEFAULT false,
  CONSTRAINT one_edition_per_date UNIQUE (kind, date)
);
-- Every marking statement asks for editions released after a given time.
CREATE INDEX editions_released ON editions (released_at);

CREATE TYPE paper_section AS ENUM ('picks', 'top', 'rising');
CREATE TABLE edition_papers (
  edition_id bigint NOT NULL REFERENCES editions ON DELETE CASCADE,
  paper_id   bigint NOT NULL REFERENCES papers,
  -- 0-based position in the edition's order, and the paper's bit in deliveries.shown
  position   integer NOT NULL,
  section    paper_section NOT NULL,
  score      double precision NOT NULL,
  reason     text NOT NULL,
  note       text,
  votes      integer,
  comments   integer,
  stars      integer,
  -- who picked it, and the hours from listing to the vote count: the reason can be worded in any language
  curator    text,
  age_hours  double precision,
  -- still rising: its votes at the last edition, and when that was
  earlier_votes integer,
  earlier_at timestamptz,
  -- the title as the edition showed it
  title      text,
  -- whether the edition showed it as withdrawn; the next edition reports withdrawals that were not shown
  withdrawn  boolean NOT NULL DEFAULT false,
  CONSTRAINT one_place_per_paper PRIMARY KEY (edition_id, paper_id),
  CONSTRAINT one_paper_per_place UNIQUE (edition_id, position)
);
CREATE INDEX edition_papers_paper ON edition_papers (paper_id);

-- The edition composed once per locale: quoted-printable segments with placeholders. Every digest is a concatenation of them.
CREATE TABLE edition_parts (
  edition_id bigint NOT NULL REFERENCES editions ON DELETE CASCADE,
  locale     text NOT NULL,
  parts      jsonb NOT NULL,
  CONSTRAINT one_composition_per_locale PRIMARY KEY (edition_id, locale)
);

-- Changes to a paper after an edition showed it. The next edition reports each of them once.
CREATE TABLE corrections (
  -- the edition that reports it
  edition_id bigint NOT NULL REFERENCES editions ON DELETE CASCADE,
  paper_id   bigint NOT NULL REFERENCES papers ON DELETE CASCADE,
  kind       text NOT NULL CHECK (kind IN ('retitled', 'withdrawn')),
  -- NULL for a withdrawal
  new_title  text,
  CONSTRAINT one_correction_per_paper_and_edition PRIMARY KEY (edition_id, paper_id, kind)
);
CREATE INDEX corrections_paper ON corrections (paper_id);
