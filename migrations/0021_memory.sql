-- What a digest showed is remembered by `shown`; of these papers, the last so many (outside "still rising") were there for the
-- reader's own wishes, so that a resend puts them under the same heading. Additive: a constant default rewrites nothing.
ALTER TABLE deliveries ADD COLUMN own smallint NOT NULL DEFAULT 0;

-- Whether an edition was released since somebody looked is asked with every mark.
CREATE INDEX editions_released ON editions (released_at);
