-- Claims an idempotency key, or tells what became of the first request with it.
-- KEYS: idempotency key. ARGV: fingerprint of the request, lease in milliseconds.
-- Answers {'new'}, {'busy'}, {'reused'} or {'done', status, body}.
local kept = redis.call('HMGET', KEYS[1], 'fingerprint', 'status', 'body')
if not kept[1] then
  redis.call('HSET', KEYS[1], 'fingerprint', ARGV[1])
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
  return {'new'}
end
if kept[1] ~= ARGV[1] then return {'reused'} end
if kept[2] then return {'done', kept[2], kept[3]} end
return {'busy'}
