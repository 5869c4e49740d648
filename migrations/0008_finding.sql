-- Finding papers: topics, words, papers like another; and what "still rising" needs to say in an edition.
-- Additive. Adding the generated column rewrites papers once, under a lock; running workers wait for it and go on undisturbed, since
-- every new column fills itself. pg_trgm comes with PostgreSQL and may be created by the database's owner.
CREATE EXTENSION IF NOT EXISTS pg_trgm;

-- Words without accents, so that "Muller" finds "Müller". Immutable, as a generated column needs it.
CREATE FUNCTION unaccented(words text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN regexp_replace(normalize(words, NFD), U&'[\0300-\036F]', '', 'g');

-- array_to_string is only STABLE, for types whose text depends on settings; that of text does not.
-- Cut, since a tsvector holds a megabyte and a list of authors may be longer.
CREATE FUNCTION listed(items text[]) RETURNS text LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
BEGIN
  RETURN left(array_to_string(items, ', '), 200000);
END $$;

ALTER TABLE papers
  -- arXiv's, as the source gave them ("cs.CL")
  ADD COLUMN categories text[] NOT NULL DEFAULT '{}',
  -- slugs made of categories, keywords and title by src/papers/topics/topics.ts
  ADD COLUMN topics text[] NOT NULL DEFAULT '{}',
  ADD COLUMN search tsvector GENERATED ALWAYS AS (
    setweight(to_tsvector('english', unaccented(title)), 'A')
    || setweight(to_tsvector('english', unaccented(listed(keywords))), 'B')
    || setweight(to_tsvector('english', unaccented(listed(authors))), 'B')
    || setweight(to_tsvector('english', unaccented(abstract)), 'C')
  ) STORED;
CREATE INDEX papers_topics ON papers USING gin (topics);
CREATE INDEX papers_search ON papers USING gin (search);
-- Titles alone: what a broad search shows first.
CREATE INDEX papers_title_words ON papers USING gin (to_tsvector('english', unaccented(title)));

-- Every word that papers and their authors' names are made of, and in how many papers it is: what makes a word telling, and what
-- a mistyped word is compared with.
CREATE TABLE terms (
  id     integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  term   text NOT NULL,
  papers integer NOT NULL DEFAULT 0,
  CONSTRAINT one_row_per_term UNIQUE (term)
);
CREATE INDEX terms_trigrams ON terms USING gin (term gin_trgm_ops);

-- A paper's most telling words with their weights, a vector of length 1. `corpus`: how many papers the weights were made among;
-- once there are twice as many, they are made again.
CREATE TABLE paper_vectors (
  paper_id bigint PRIMARY KEY REFERENCES papers ON DELETE CASCADE,
  terms    integer[] NOT NULL,
  weights  real[] NOT NULL,
  corpus   integer NOT NULL,
  made_at  timestamptz NOT NULL
);
-- The same the other way round: from a word to the papers it tells of. Read from the index alone.
CREATE TABLE paper_terms (
  term_id  integer NOT NULL,
  paper_id bigint NOT NULL REFERENCES papers ON DELETE CASCADE,
  weight   real NOT NULL,
  CONSTRAINT one_weight_per_paper_and_term PRIMARY KEY (term_id, paper_id) INCLUDE (weight)
);
CREATE INDEX paper_terms_paper ON paper_terms (paper_id);

ALTER TYPE paper_section ADD VALUE 'rising';
ALTER TABLE edition_papers
  -- who picked it, and the hours from listing to when its votes were counted: a reason can be worded in any language
  ADD COLUMN curator text,
  ADD COLUMN age_hours double precision,
  -- still rising: the votes it had at the last edition, and when that was
  ADD COLUMN earlier_votes integer,
  ADD COLUMN earlier_at timestamptz;
