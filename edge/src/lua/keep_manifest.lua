-- Keeps what a reader fetched from Postgres, unless a writer came by since it looked.
-- KEYS: membership, tier0, fence, generation. ARGV: membership, its ttl, then, when there is a manifest that may be
-- kept: generation seen, tier0 ttl, version, confirmed_at, etag and document.
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
if not ARGV[3] then return 0 end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
if (redis.call('GET', KEYS[4]) or '') ~= ARGV[3] then return 0 end
if redis.call('ZCOUNT', KEYS[3], now, '+inf') > 0 then return 0 end
redis.call('HSET', KEYS[2], 'version', ARGV[5], 'confirmed_at', ARGV[6], 'etag', ARGV[7], 'document', ARGV[8])
redis.call('PEXPIRE', KEYS[2], ARGV[4])
return 1
