-- retrieve_bcm: the membership record and the manifest from the first tier that has it.
-- KEYS: membership, head, fence, tier0, tier1, tier2, refresh lease, epoch, limit. ARGV: 1 the first tier to look at
-- (those above it were damaged), 2 lease ttl, 3 epoch ttl, 4 fence ttl, 5 how long "there is none" counts, 6 the limit's
-- policy where there is one.
-- Answers {generation, 1 when the membership is confirmed, the limit's verdict, etag, age, 1 when the caller is to
-- refresh it, tier, its ttl, its text}; false where absent, etag `none` where it is known that there is no manifest.
-- With an older membership the text may be used only while Postgres is unavailable.
-- While a fence stands the generation is false too: what the reader will fetch may be older than what is being committed,
-- so it must not be cached. A fence that has expired leaves the generation: by now Postgres has the outcome, and a reader
-- who asks it may cache the answer.
local member, recent = member_of(KEYS[1])
local verdict = false
if ARGV[6] then
  verdict = limit(KEYS[9], ARGV[6], member)
  if verdict[1] == 0 then return {false, 0, verdict} end
end
if redis.call('ZCOUNT', KEYS[3], now(), '+inf') > 0 then return {false, 0, verdict} end
local head = redis.call('HMGET', KEYS[2], 'generation', 'etag', 'kept_ms', 'soft_ms', 'none_ms')
local generation = remembers(KEYS[8], ARGV[3], ARGV[4]) and (head[1] or '')
if not recent or redis.call('ZCARD', KEYS[3]) > 0 then return {generation, 0, verdict} end
local counts = member and 1 or 0
local none_ms = now() - (tonumber(head[5]) or 0)
if none_ms >= 0 and none_ms < tonumber(ARGV[5]) then return {generation, counts, verdict, 'none', none_ms, 0} end
if not head[2] then return {generation, counts, verdict} end
for tier = tonumber(ARGV[1]), 2 do
  local text = redis.pcall('GET', KEYS[4 + tier])
  if type(text) == 'string' then
    local refresh = 0
    if member and now() > (tonumber(head[4]) or 0) and redis.call('SET', KEYS[7], '1', 'PX', ARGV[2], 'NX') then
      refresh = 1
    end
    local age = now() - (tonumber(head[3]) or now())
    return {generation, counts, verdict, head[2], age, refresh, tier, redis.call('PTTL', KEYS[4 + tier]), text}
  end
end
return {generation, counts, verdict}
