-- Anyone can type an address into the form. What a sign-up asks for besides takes effect when its owner confirms: time zone, language,
-- and wishes to add, as an object with zone, locale, topics, authors and organisations. NULL: no request of a known reader is open.
--
-- Cost: a new column without a default, so no row is written. While processes of an older version run, they change a reader who is
-- not active at once, as they always did.
ALTER TABLE subscribers ADD COLUMN asked jsonb;
