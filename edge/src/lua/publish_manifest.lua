-- A writer lowers its fence and, when it is the last and its version the newest, publishes what it committed.
-- While another writer is at work only the version is noted: should that one die after its commit, readers find
-- no document and go to Postgres; should it have committed the older version, it finds the newer one noted.
-- The onboarding session, where Redis has one, is submitted from here on. It holds what was submitted, unless a save
-- came after the look at it: that one is kept for the next finalize to take.
-- KEYS: fence, tier0, session. ARGV: 1 token, then 2 ttl, 3 version, 4 confirmed_at, 5 etag, 6 document, 7 ttl of the
-- submitted session, 8 its revision as it was seen or '', and pairs of field and JSON; the token alone publishes nothing.
redis.call('ZREM', KEYS[1], ARGV[1])
if not ARGV[2] then return 0 end
local revision = redis.call('HGET', KEYS[3], 'revision')
if revision then
  if revision == ARGV[8] then
    redis.call('DEL', KEYS[3])
    for at = 9, #ARGV, 2 do redis.call('HSET', KEYS[3], ARGV[at], ARGV[at + 1]) end
  end
  redis.call('HSET', KEYS[3], 'revision', revision + 1, 'state', 'submitted')
  redis.call('PEXPIRE', KEYS[3], ARGV[7])
end
local have = redis.call('HMGET', KEYS[2], 'version', 'confirmed_at')
local version = tonumber(have[1] or '0')
local newer = version > tonumber(ARGV[3])
if newer or (version == tonumber(ARGV[3]) and (have[2] or '') > ARGV[4]) then return 0 end
redis.call('HSET', KEYS[2], 'version', ARGV[3], 'confirmed_at', ARGV[4])
redis.call('PEXPIRE', KEYS[2], ARGV[2])
if redis.call('ZCOUNT', KEYS[1], now(), '+inf') > 0 then return 0 end
redis.call('HSET', KEYS[2], 'etag', ARGV[5], 'document', ARGV[6])
return 1
