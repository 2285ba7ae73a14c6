-- Caches what a reader fetched from Postgres, unless a writer has raised a fence since.
-- KEYS: membership, head, fence, tier0, tier1, tier2, epoch. ARGV: 1 membership, 2 its ttl, then, when the rest may be
-- kept: 3 generation seen, 4 epoch ttl, 5 fence ttl, 6 head ttl, and the further arguments of store_bcm (it begins at
-- the 6th) when there is a manifest.
keep_member(KEYS[1], ARGV[1], ARGV[2])
if not ARGV[3] or not remembers(KEYS[7], ARGV[4], ARGV[5]) then return 0 end
if (redis.call('HGET', KEYS[2], 'generation') or '') ~= ARGV[3] then return 0 end
if redis.call('ZCOUNT', KEYS[3], now(), '+inf') > 0 then return 0 end
-- These fences have expired: whatever their writers committed, the reader's answer from Postgres includes it.
redis.call('DEL', KEYS[3])
if ARGV[7] then
  store_bcm(KEYS[2], KEYS[4], KEYS[5], KEYS[6], 6)
else
  redis.call('HDEL', KEYS[2], 'etag')
  redis.call('HSET', KEYS[2], 'none_ms', now())
  redis.call('PEXPIRE', KEYS[2], ARGV[6])
end
return 1
