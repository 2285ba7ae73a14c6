-- Claims an idempotency key, or tells what became of the first request with it.
-- KEYS: idempotency key, limit, membership. ARGV: fingerprint of the request, lease in milliseconds, the limit's policy.
-- Answers {'new', verdict}, {'limited', verdict}, {'busy'}, {'reused'} or {'done', status, body}. Repeats are not
-- counted: they make nothing.
local kept = redis.call('HMGET', KEYS[1], 'fingerprint', 'status', 'body')
if not kept[1] then
  local verdict = limit(KEYS[2], ARGV[3], member_of(KEYS[3]))
  if verdict[1] == 0 then return {'limited', verdict} end
  redis.call('HSET', KEYS[1], 'fingerprint', ARGV[1])
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
  return {'new', verdict}
end
if kept[1] ~= ARGV[1] then return {'reused'} end
if kept[2] then return {'done', kept[2], kept[3]} end
return {'busy'}
