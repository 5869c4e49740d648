-- Search finds what the page shows: "τ-bench" and not "$\tau$-bench", "Lukasz" for "Łukasz", and Chinese words.
-- Adding the generated column rewrites papers once, under a lock. Workers of the version before go on; papers that they bring in
-- are searched as the source wrote them until they come again.

-- Words without accents, and letters such as ł as their plain ones. Exponents stand apart, so that "LoRA" finds "LoRA⁺", and so does
-- each Chinese, Japanese or Korean character, since PostgreSQL does not know where their words end.
CREATE OR REPLACE FUNCTION unaccented(words text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN regexp_replace(
  replace(replace(replace(replace(replace(replace(replace(
    translate(
      regexp_replace(
        normalize(regexp_replace(words, U&'([\00B2\00B3\00B9\2070-\209C])', ' \1 ', 'g'), NFKD), U&'[\0300-\036F]', '', 'g'),
      'łŁđĐøØıħĦŧŦðÐ', 'lLdDoOihHtTdD'),
    'ß', 'ss'), 'æ', 'ae'), 'Æ', 'AE'), 'œ', 'oe'), 'Œ', 'OE'), 'þ', 'th'), 'Þ', 'Th'),
  U&'([\3040-\30FF\3400-\4DBF\4E00-\9FFF\F900-\FAFF\1100-\11FF\AC00-\D7AF])', ' \1 ', 'g');

DROP INDEX papers_title_words;
DROP INDEX papers_search;
ALTER TABLE papers DROP COLUMN search;
ALTER TABLE papers
  -- as pages show them (src/papers/readable.ts), where that is not what the source wrote
  ADD COLUMN shown_title text,
  ADD COLUMN shown_abstract text,
  ADD COLUMN shown_authors text[],
  ADD COLUMN search tsvector GENERATED ALWAYS AS (
    setweight(to_tsvector('english', unaccented(coalesce(shown_title, title))), 'A')
    || setweight(to_tsvector('english', unaccented(listed(keywords))), 'B')
    || setweight(to_tsvector('english', unaccented(listed(coalesce(shown_authors, authors)))), 'B')
    || setweight(to_tsvector('english', unaccented(coalesce(shown_abstract, abstract))), 'C')
  ) STORED;
CREATE INDEX papers_search ON papers USING gin (search);
CREATE INDEX papers_title_words ON papers USING gin (to_tsvector('english', unaccented(coalesce(shown_title, title))));
