-- Raises a writer's fence: until the writer publishes or lowers it, readers go to Postgres. The tiers stay as they are,
-- because the write may be refused.
-- KEYS: fence, head, membership, session, epoch, limit, idempotency key where there is one.
-- ARGV: 1 token, 2 fence ttl, 3 how long a fence is remembered (longer than any tier), 4 epoch ttl, 5 the limit's policy
-- where there is one, and with an idempotency key 6 the request's fingerprint, 7 the key's lease.
-- Answers {membership, session as a flat list, the limit's verdict, the outcome of the first request with the key};
-- false and an empty list where absent. A request over the limit raises nothing, and neither does a repeat, which is not
-- counted.
if ARGV[6] then
  local before = repeated(KEYS[7], ARGV[6])
  if before then return {false, {}, false, before} end
end
local member, verdict = member_of(KEYS[3]), false
if ARGV[5] then
  verdict = limit(KEYS[6], ARGV[5], member)
  if verdict[1] == 0 then return {false, {}, verdict} end
end
if ARGV[6] then claim(KEYS[7], ARGV[6], ARGV[7]) end
remembers(KEYS[5], ARGV[4], ARGV[2])
redis.call('PEXPIRE', KEYS[5], ARGV[4])
redis.call('ZADD', KEYS[1], now() + ARGV[2], ARGV[1])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
redis.call('HSET', KEYS[2], 'generation', ARGV[1])
redis.call('PEXPIRE', KEYS[2], ARGV[3])
return {member, redis.call('HGETALL', KEYS[4]), verdict}
