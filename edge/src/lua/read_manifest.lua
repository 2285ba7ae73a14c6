-- A membership record and the manifest, in one look.
-- KEYS: membership, tier0, fence, generation. Answers {membership, generation, etag, document}; false where absent.
-- Behind a fence the generation is false too: what the reader will fetch may be older than what is being committed,
-- and nothing could tell later, so it must not be kept.
local member = redis.call('GET', KEYS[1])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
if redis.call('ZCOUNT', KEYS[3], now, '+inf') > 0 then return {member, false, false, false} end
local generation = redis.call('GET', KEYS[4]) or ''
if not member then return {false, generation, false, false} end
local hit = redis.call('HMGET', KEYS[2], 'etag', 'document')
return {member, generation, hit[1], hit[2]}
