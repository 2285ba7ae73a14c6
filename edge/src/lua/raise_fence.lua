-- A writer announces itself: until its fence falls or expires, readers go to Postgres. The tier's document goes,
-- its version stays, so that no writer can later publish an older one.
-- KEYS: fence, generation, tier0, membership, session, limit. ARGV: token, fence ttl, generation ttl, and the limit's
-- policy where there is one.
-- Answers {membership, session as a flat list, the limit's verdict}; false and an empty list where absent. A verdict of
-- no raises nothing.
local member, verdict = member_of(KEYS[4]), false
if ARGV[4] then
  verdict = limit(KEYS[6], ARGV[4], member)
  if verdict[1] == 0 then return {false, {}, verdict} end
end
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now())
redis.call('ZADD', KEYS[1], now() + ARGV[2], ARGV[1])
redis.call('PEXPIRE', KEYS[1], ARGV[2])
redis.call('SET', KEYS[2], ARGV[1], 'PX', ARGV[3])
redis.call('HDEL', KEYS[3], 'etag', 'document')
return {member, redis.call('HGETALL', KEYS[5]), verdict}
