-- All versions of a preprint are one paper, with the DOI that they share as its id (src/papers/doi.ts). Before, ChemRxiv, OSF, Research
-- Square, Preprints.org and others had a paper for each version. Of several, the first one becomes the paper, so that none is listed again;
-- the others stay in their editions. The link keeps the DOI with the version, because the shared one does not always resolve.
--
-- Cost: reads the papers with a DOI once, and changes those of these servers. While processes of an older version
-- run, they store a version as a paper of its own, as they always did.
WITH versions AS (
  SELECT id, source_id, coalesce(
    substring(source_id FROM '^(10\.(?:26434/chemrxiv|33774/coe)-[a-z0-9-]+)-v[0-9]{1,3}$'),
    substring(source_id FROM '^(10\.[0-9]{4,9}/osf\.io/[a-z0-9]+)_v[0-9]{1,3}$'),
    substring(source_id FROM '^(10\.21203/rs\.[a-z0-9.-]+)/v[0-9]{1,3}$'),
    substring(source_id FROM '^(10\.(?:22541|36227)/[a-z]+\.[0-9.]+)/v[0-9]{1,3}$'),
    substring(source_id FROM '^(10\.20944/preprints[0-9]+\.[0-9]+)\.v[0-9]{1,3}$')
  ) AS shared
  FROM papers WHERE source = 'doi'
), firsts AS (
  SELECT DISTINCT ON (shared) id, source_id, shared FROM versions v
  WHERE shared IS NOT NULL AND NOT EXISTS (SELECT FROM papers WHERE source = 'doi' AND source_id = v.shared)
  ORDER BY shared, id
), renamed AS (
  UPDATE papers p
  SET source_id = f.shared, url = coalesce(p.url, 'https://doi.org/' || f.source_id),
    version = coalesce(p.version, substring(f.source_id FROM '([0-9]+)$')::smallint)
  FROM firsts f WHERE p.id = f.id
)
UPDATE subscribers s
SET like_papers = ARRAY(
  SELECT DISTINCT coalesce(v.shared, l.id) FROM unnest(s.like_papers) AS l (id) LEFT JOIN versions v ON v.source_id = l.id)
WHERE s.like_papers && ARRAY(SELECT source_id FROM versions WHERE shared IS NOT NULL);
