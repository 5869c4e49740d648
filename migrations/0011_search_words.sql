-- Search finds papers with some of the words, by organisation and by the source's summary, and Chinese or Japanese by pairs of characters.
-- The index has the text that pages show, so summary, keywords and organisation get a readable form as well.
--
-- Cost: papers is rewritten once under a lock, about a minute for 100,000 papers. The job index-papers then fills terms, paper_vectors and
-- paper_terms again, some 2 minutes for 100,000 papers. Until then similar papers and papers with some of the words are missing.
-- paper_terms holds every word of a paper instead of 64: some 130 rows and 13 KB a paper instead of 64 rows and 6 KB.

ALTER TABLE papers DROP COLUMN search;
DROP INDEX papers_title_words;

-- Writes each run of Chinese, Japanese or Korean characters as its characters and pairs of characters, in order:
-- 注意力 becomes "注 注意 意 意力 力". PostgreSQL cannot find word boundaries in such a run, but pairs match wherever a word begins.
-- plpgsql, so that other text costs only the first test.
CREATE FUNCTION paired(words text) RETURNS text LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
  ideographs constant text := U&'\3005\3041-\3096\309D\309E\30A1-\30FA\30FC-\30FE\3400-\4DBF\4E00-\9FFF\F900-\FAFF\AC00-\D7A3\+020000-\+03134F';
BEGIN
  IF words !~ ('[' || ideographs || ']') THEN RETURN words; END IF;
  RETURN (
    SELECT string_agg(
      CASE WHEN run[1] ~ ('^[' || ideographs || ']') THEN ' ' || (
        SELECT string_agg(substr(run[1], at, 1) || CASE WHEN at < length(run[1]) THEN ' ' || substr(run[1], at, 2) ELSE '' END, ' ' ORDER BY at)
        FROM generate_series(1, length(run[1])) AS at) || ' '
      ELSE run[1] END, '' ORDER BY place)
    FROM regexp_matches(words, '[' || ideographs || ']+|[^' || ideographs || ']+', 'g') WITH ORDINALITY AS runs (run, place));
END $$;

-- Removes accents and turns letters that do not decompose, such as ł, into plain ones. Puts spaces around exponents, so that "LoRA"
-- finds "LoRA⁺". src/papers/search/words.ts folds the same way; a test compares both for every letter.
-- ASCII text returns at once, since folding takes longer than to_tsvector does.
-- IMMUTABLE, because a generated column uses it: changing it means to rebuild papers.search and the index of titles.
CREATE OR REPLACE FUNCTION unaccented(words text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN CASE WHEN octet_length(words) = length(words) THEN words ELSE paired(normalize(
  replace(replace(replace(replace(replace(replace(replace(replace(
    translate(
      regexp_replace(
        normalize(regexp_replace(words, U&'([\00B2\00B3\00B9\2070-\209C])', ' \1 ', 'g'), NFKD), U&'[\0300-\036F]', '', 'g'),
      'łŁđĐðÐøØıħĦŧŦŋŊɓƁɖƉɗƊɨƗʉɄəƏɛƐɔƆƒƑɠƓɲƝƙƘƥƤƭƬʋƲƴƳƶƵǥǤƀɃȼȻⱥȺɇɆɉɈɍɌɏɎⱦȾȷς',
      'lLdDdDoOihHtTnNbBdDdDiIuUeEeEoOfFgGnNkKpPtTvVyYzZgGbBcCaAeEjJrRyYtTjσ'),
    'ß', 'ss'), 'ẞ', 'SS'), 'æ', 'ae'), 'Æ', 'AE'), 'œ', 'oe'), 'Œ', 'OE'), 'þ', 'th'), 'Þ', 'Th'), NFC)) END;

-- As pages show them (src/papers/readable.ts); NULL where that equals the source's text. The job index-papers fills them for stored papers.
ALTER TABLE papers
  ADD COLUMN shown_summary text,
  ADD COLUMN shown_organization text,
  ADD COLUMN shown_keywords text[];

-- The summary weighs least: a program wrote it from the abstract.
ALTER TABLE papers ADD COLUMN search tsvector GENERATED ALWAYS AS (
  setweight(to_tsvector('english', unaccented(coalesce(shown_title, title))), 'A')
  || setweight(to_tsvector('english', unaccented(listed(coalesce(shown_keywords, keywords)))), 'B')
  || setweight(to_tsvector('english', unaccented(listed(coalesce(shown_authors, authors)))), 'B')
  || setweight(to_tsvector('english', unaccented(coalesce(shown_organization, organization, ''))), 'B')
  || setweight(to_tsvector('english', unaccented(coalesce(shown_abstract, abstract))), 'C')
  || setweight(to_tsvector('english', unaccented(coalesce(shown_summary, summary, ''))), 'D')
) STORED;
CREATE INDEX papers_search ON papers USING gin (search);
CREATE INDEX papers_title_words ON papers USING gin (to_tsvector('english', unaccented(coalesce(shown_title, title))));

TRUNCATE terms, paper_vectors, paper_terms;

-- All forms of a word share a stem: "quantize" and "quantization". It is the stem that full-text search uses.
ALTER TABLE terms ADD COLUMN stem text NOT NULL GENERATED ALWAYS AS (coalesce((ts_lexize('pg_catalog.english_stem', term))[1], term)) STORED;
CREATE INDEX terms_stem ON terms (stem);

-- How much a paper is about the word, by where and how often it has it, from 0 to 1: the part of BM25 that belongs to the paper.
-- `weight` is the word's share in the vector of title and abstract; 0 for words that stand only elsewhere.
-- Both columns fit where alignment left space, so they cost nothing.
ALTER TABLE paper_terms
  ADD COLUMN match real NOT NULL,
  DROP CONSTRAINT one_weight_per_paper_and_term,
  ADD CONSTRAINT one_weight_per_paper_and_term PRIMARY KEY (term_id, paper_id) INCLUDE (weight, match);
