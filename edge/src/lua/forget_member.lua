-- Forgets a membership record, so that its person's next request asks Postgres.
-- KEYS: membership.
return redis.call('DEL', KEYS[1])
