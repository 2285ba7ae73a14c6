-- Keeps what a reader fetched from Postgres, unless a writer came by since it looked.
-- KEYS: membership, tier0, fence, generation. ARGV: membership, its ttl, then, when there is a manifest that may be
-- kept: generation seen, tier0 ttl, version, confirmed_at, etag and document.
keep_member(KEYS[1], ARGV[1], ARGV[2])
if not ARGV[3] then return 0 end
if (redis.call('GET', KEYS[4]) or '') ~= ARGV[3] then return 0 end
if redis.call('ZCOUNT', KEYS[3], now(), '+inf') > 0 then return 0 end
redis.call('HSET', KEYS[2], 'version', ARGV[5], 'confirmed_at', ARGV[6], 'etag', ARGV[7], 'document', ARGV[8])
redis.call('PEXPIRE', KEYS[2], ARGV[4])
return 1
