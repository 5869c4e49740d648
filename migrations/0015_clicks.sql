-- How often a link of the mails was followed, where that is counted at all: a sum by paper, link and day, and of nobody.
-- Additive: older processes do not know the table.
CREATE TABLE clicks (
  paper_id bigint NOT NULL REFERENCES papers ON DELETE CASCADE,
  link     text NOT NULL,
  day      date NOT NULL,
  people   integer NOT NULL DEFAULT 0,
  -- fetched by what says of itself that it is no person
  scanners integer NOT NULL DEFAULT 0,
  CONSTRAINT one_sum_per_link_and_day PRIMARY KEY (paper_id, link, day)
);
