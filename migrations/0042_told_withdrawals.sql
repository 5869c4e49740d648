-- Whether an edition showed the paper as withdrawn. The next one tells a withdrawal that it did not show, whatever moment the source
-- gives for it. Additive: workers of the version before neither write nor read it.
ALTER TABLE edition_papers ADD COLUMN withdrawn boolean NOT NULL DEFAULT false;
