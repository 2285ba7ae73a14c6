-- A writer announces itself: until its fence falls or expires, readers go to Postgres. The tier's document goes,
-- its version stays, so that no writer can later publish an older one.
-- KEYS: fence, generation, tier0, membership, session. ARGV: token, fence ttl, generation ttl.
-- Answers {membership, session as a flat list}; false and an empty list where absent.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
redis.call('ZADD', KEYS[1], now + ARGV[2], ARGV[1])
redis.call('PEXPIRE', KEYS[1], ARGV[2])
redis.call('SET', KEYS[2], ARGV[1], 'PX', ARGV[3])
redis.call('HDEL', KEYS[3], 'etag', 'document')
return {redis.call('GET', KEYS[4]), redis.call('HGETALL', KEYS[5])}
