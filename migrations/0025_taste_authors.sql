-- A taste also knows the authors of liked papers. Their weights are among `weights`, under negative terms made from the name; this
-- column has the names, for the reader to see and to export. A taste that was learned before has none until the reader's next vote.
--
-- Cost: none for existing rows; up to some hundred names for each reader who asked that their digest learns.
ALTER TABLE tastes ADD COLUMN authors text[] NOT NULL DEFAULT '{}';
