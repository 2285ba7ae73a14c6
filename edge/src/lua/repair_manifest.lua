-- Rewrites the upper tiers from a lower one, whose checksum the caller has verified.
-- KEYS: head, fence, tier0, tier1. ARGV: etag, ttl of tier0, of tier1, the sealed text, how many tiers.
if redis.call('HGET', KEYS[1], 'etag') ~= ARGV[1] or redis.call('ZCARD', KEYS[2]) > 0 then return 0 end
for tier = 0, ARGV[5] - 1 do redis.call('SET', KEYS[3 + tier], ARGV[4], 'PX', ARGV[2 + tier]) end
return 1
