-- What needs a person, since when it has been noticed, and when the operators were last emailed about it. Additive.
CREATE TABLE attention (
  what      text NOT NULL,
  -- which edition, source or relay; empty where there is only one
  about     text NOT NULL,
  since     timestamptz NOT NULL,
  seen_at   timestamptz NOT NULL,
  mailed_at timestamptz,
  CONSTRAINT one_row_per_problem PRIMARY KEY (what, about)
);

-- Emails to the operators go by the outbox, and have no subscriber. Older workers never see the new kind's rows as due for a reader:
-- without one they settle them as skipped.
ALTER TYPE service_mail ADD VALUE 'alert';
CREATE TABLE alert_mails (
  outbox_id bigint PRIMARY KEY REFERENCES outbox (id) ON DELETE CASCADE,
  -- one of ADMIN_EMAILS
  address   text NOT NULL,
  problems  jsonb NOT NULL
);
