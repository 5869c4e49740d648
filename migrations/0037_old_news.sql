-- Old news is not mailed. Additive: running workers are not disturbed.
ALTER TABLE editions
  -- a person let it out, so its age counts from its release instead of its list's close
  ADD COLUMN by_hand boolean NOT NULL DEFAULT false,
  -- why Paperboy holds it; NULL where a person does
  ADD COLUMN held_why text,
  -- "send to all now" reaches also readers who did not ask for this kind
  ADD COLUMN to_everyone boolean NOT NULL DEFAULT false;

-- When mailing was resumed after a restore: lists that closed earlier may have been mailed, so their new drafts are held.
ALTER TABLE mailing ADD COLUMN restored_at timestamptz;
