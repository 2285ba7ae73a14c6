-- Everybody's counts: series and number in turn.
-- KEYS: counters.
return redis.call('HGETALL', KEYS[1])
