-- Stores the answer of a claimed idempotency key; without one releases the key, so that a repeat does the work.
-- KEYS: idempotency key. ARGV: ttl, status and body, or nothing.
if not ARGV[1] then return redis.call('DEL', KEYS[1]) end
redis.call('HSET', KEYS[1], 'status', ARGV[2], 'body', ARGV[3])
return redis.call('PEXPIRE', KEYS[1], ARGV[1])
