-- The papers of an author or an organisation, by their exact names. The index of words had to read the names of every paper that
-- has the words: for an organisation of thousands of papers, each visit read them all.
--
-- Cost: papers cannot be written while the indexes are built, some seconds for 100,000 papers. Together they take some 15 MB then.

CREATE INDEX papers_authors ON papers USING gin ((coalesce(shown_authors, authors)));
CREATE INDEX papers_organization ON papers ((coalesce(shown_organization, organization)), list_day DESC, id DESC);
