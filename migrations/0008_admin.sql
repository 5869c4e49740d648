-- Sign-in requests by ADMIN_EMAILS, and the browser sessions they started.
-- A link works once. A row per browser lets us sign it out; a signed cookie alone would not.
CREATE TABLE admin_sessions (
  id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  address   text NOT NULL,
  asked_at  timestamptz NOT NULL,
  begun_at  timestamptz,
  ended_at  timestamptz
);

-- The audit log: what people did under /admin or by a command. Readers appear by their id.
CREATE TABLE audit_log (
  id    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at    timestamptz NOT NULL,
  who   text NOT NULL,
  what  text NOT NULL,
  about text NOT NULL
);
