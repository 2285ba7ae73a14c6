-- A membership record and the manifest, in one look.
-- KEYS: membership, tier0, fence, generation, limit. ARGV: the limit's policy where there is one.
-- Answers {generation, etag, document, 1 when the membership counts now, the limit's verdict}; false where absent. With
-- an older membership the document is for when Postgres is away only.
-- Behind a fence the generation is false too: what the reader will fetch may be older than what is being committed,
-- and nothing could tell later, so it must not be kept.
local member, once = member_of(KEYS[1])
local verdict = false
if ARGV[1] then
  verdict = limit(KEYS[5], ARGV[1], member)
  if verdict[1] == 0 then return {false, false, false, 0, verdict} end
end
if redis.call('ZCOUNT', KEYS[3], now(), '+inf') > 0 then return {false, false, false, 0, verdict} end
local generation = redis.call('GET', KEYS[4]) or ''
if not once then return {generation, false, false, 0, verdict} end
local hit = redis.call('HMGET', KEYS[2], 'etag', 'document')
return {generation, hit[1], hit[2], member and 1 or 0, verdict}
