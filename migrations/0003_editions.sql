-- An edition is assembled freely while a draft; releasing freezes its papers and its composed parts for good.
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
  -- set by "send to all now"; planning goes on from it after a crash until planned_at is set
  send_all_at       timestamptz,
  planned_at        timestamptz,
  sent_at           timestamptz,
  -- keys the Message-IDs of this edition: nobody can compute another reader's
  message_key       bytea NOT NULL,
  subject           text,
  preheader         text,
  CONSTRAINT one_edition_per_date UNIQUE (kind, date)
);

CREATE TYPE paper_section AS ENUM ('picks', 'top');
CREATE TABLE edition_papers (
  edition_id bigint NOT NULL REFERENCES editions ON DELETE CASCADE,
  paper_id   bigint NOT NULL REFERENCES papers,
  -- 0-based place in the edition's order, and the paper's bit in deliveries.shown
  position   integer NOT NULL,
  section    paper_section NOT NULL,
  score      double precision NOT NULL,
  reason     text NOT NULL,
  note       text,
  votes      integer,
  comments   integer,
  stars      integer,
  CONSTRAINT one_place_per_paper PRIMARY KEY (edition_id, paper_id),
  CONSTRAINT one_paper_per_place UNIQUE (edition_id, position)
);
CREATE INDEX edition_papers_paper ON edition_papers (paper_id);

-- The edition composed once per locale: quoted-printable pieces with holes, of which every digest is a concatenation.
CREATE TABLE edition_parts (
  edition_id bigint NOT NULL REFERENCES editions ON DELETE CASCADE,
  locale     text NOT NULL,
  parts      jsonb NOT NULL,
  CONSTRAINT one_composition_per_locale PRIMARY KEY (edition_id, locale)
);
