-- Who of ADMIN_EMAILS asked for a link to sign in, and whose browser is signed in by it: a link works once, and a browser can be
-- signed out, which a cookie that only we signed could not be. Additive: older processes do not know the table.
CREATE TABLE admin_sessions (
  id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  address   text NOT NULL,
  asked_at  timestamptz NOT NULL,
  -- the mail with the link was handed to a relay, at most once: whoever gets none asks again
  handed_at timestamptz,
  begun_at  timestamptz,
  ended_at  timestamptz
);

-- What was done by hand, on the pages under /admin or by a command, and by whom. Readers are named by their id. Additive.
CREATE TABLE audit_log (
  id    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at    timestamptz NOT NULL,
  who   text NOT NULL,
  what  text NOT NULL,
  about text NOT NULL
);
