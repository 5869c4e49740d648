-- Full-text search, spelling suggestions and similar papers.
-- Search matches the text that pages show: "τ-bench" instead of "$\tau$-bench", "Lukasz" for "Łukasz", and Chinese words.

-- pg_trgm comes with PostgreSQL; the database's owner may create it.
CREATE EXTENSION IF NOT EXISTS pg_trgm;

-- Removes accents and turns letters such as ł into plain ones. Puts spaces around exponents, so that "LoRA" finds "LoRA⁺".
-- Also around each Chinese, Japanese or Korean character: PostgreSQL cannot find their word boundaries.
-- IMMUTABLE, because a generated column uses it: changing it means to rebuild papers.search and the indexes below.
CREATE FUNCTION unaccented(words text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN regexp_replace(
  replace(replace(replace(replace(replace(replace(replace(
    translate(
      regexp_replace(
        normalize(regexp_replace(words, U&'([\00B2\00B3\00B9\2070-\209C])', ' \1 ', 'g'), NFKD), U&'[\0300-\036F]', '', 'g'),
      'łŁđĐøØıħĦŧŦðÐ', 'lLdDoOihHtTdD'),
    'ß', 'ss'), 'æ', 'ae'), 'Æ', 'AE'), 'œ', 'oe'), 'Œ', 'OE'), 'þ', 'th'), 'Þ', 'Th'),
  U&'([\3040-\30FF\3400-\4DBF\4E00-\9FFF\F900-\FAFF\1100-\11FF\AC00-\D7AF])', ' \1 ', 'g');

-- array_to_string is only STABLE, because some types' text depends on settings; that of text[] does not.
-- Cut, because a tsvector holds at most 1 MB and author lists can be longer.
CREATE FUNCTION listed(items text[]) RETURNS text LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
BEGIN
  RETURN left(array_to_string(items, ', '), 200000);
END $$;

-- Generated, so that no code path can store a paper without it. Adding it to a filled table rewrites the table under a lock.
ALTER TABLE papers ADD COLUMN search tsvector GENERATED ALWAYS AS (
  setweight(to_tsvector('english', unaccented(coalesce(shown_title, title))), 'A')
  || setweight(to_tsvector('english', unaccented(listed(keywords))), 'B')
  || setweight(to_tsvector('english', unaccented(listed(coalesce(shown_authors, authors)))), 'B')
  || setweight(to_tsvector('english', unaccented(coalesce(shown_abstract, abstract))), 'C')
) STORED;
CREATE INDEX papers_search ON papers USING gin (search);
-- Titles alone: a broad search shows their matches first.
CREATE INDEX papers_title_words ON papers USING gin (to_tsvector('english', unaccented(coalesce(shown_title, title))));

-- Every word of papers and author names, with the number of papers that contain it.
-- Rare words identify a paper; misspelled words are compared with these.
CREATE TABLE terms (
  id     integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  term   text NOT NULL,
  papers integer NOT NULL DEFAULT 0,
  CONSTRAINT one_row_per_term UNIQUE (term)
);
CREATE INDEX terms_trigrams ON terms USING gin (term gin_trgm_ops);

-- A paper's most characteristic words with their weights, as a vector of length 1.
CREATE TABLE paper_vectors (
  paper_id bigint PRIMARY KEY REFERENCES papers ON DELETE CASCADE,
  terms    integer[] NOT NULL,
  weights  real[] NOT NULL,
  -- number of papers the weights are based on; once it has doubled, they are computed again
  corpus   integer NOT NULL,
  made_at  timestamptz NOT NULL
);
-- The same data from word to papers. INCLUDE makes it readable from the index alone.
CREATE TABLE paper_terms (
  term_id  integer NOT NULL,
  paper_id bigint NOT NULL REFERENCES papers ON DELETE CASCADE,
  weight   real NOT NULL,
  CONSTRAINT one_weight_per_paper_and_term PRIMARY KEY (term_id, paper_id) INCLUDE (weight)
);
CREATE INDEX paper_terms_paper ON paper_terms (paper_id);
