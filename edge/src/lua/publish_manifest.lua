-- Lowers a writer's fence and, when no other writer is active and its version is the newest, publishes what it committed.
-- While another writer is active only the version is noted: if that writer dies after its commit, readers go to Postgres;
-- if it has committed the older version, it finds the newer one noted. In any doubt the head has no etag, so that nobody
-- reads the tiers.
-- The onboarding session, where Redis has one, becomes submitted. It holds what was submitted, unless it was saved after
-- the fence was raised: then the newer answers stay, and the writer takes them in another round. A session that was
-- submitted earlier gets the answers that the newest version is made from; in any doubt it is deleted, and its next reader
-- asks Postgres.
-- KEYS: fence, head, tier0, tier1, tier2, epoch, session. ARGV: 1 token, 2 epoch ttl, 3 fence ttl, 4 to 13 as store_bcm
-- takes them, then, where a session was submitted or replaced: 14 ttl of the submitted session, 15 submit or replace,
-- 16 its revision when the fence was raised or '', 17 that of its snapshot now, and pairs of field and JSON. With the
-- token alone nothing is published.
-- Answers {1 when the tiers have it, 1 when a draft was saved after the fence was raised}.
local stood = redis.call('ZREM', KEYS[1], ARGV[1]) == 1
if not ARGV[2] then return {0, 0} end
local revision = ARGV[14] and redis.call('HGET', KEYS[7], 'revision')
local replaces = ARGV[15] == 'replace'
local since = 0
local function set_answers()
  redis.call('DEL', KEYS[7])
  for at = 18, #ARGV, 2 do redis.call('HSET', KEYS[7], ARGV[at], ARGV[at + 1]) end
end
local function set_submitted(number)
  redis.call('HSET', KEYS[7], 'revision', number, 'state', 'submitted')
  redis.call('PEXPIRE', KEYS[7], ARGV[14])
end
if revision and not replaces then
  if redis.call('HGET', KEYS[7], 'state') == 'draft' and revision ~= ARGV[16] then
    since = 1
    set_submitted(math.max(revision, ARGV[17]) + 1)
  elseif revision == ARGV[16] or tonumber(revision) < tonumber(ARGV[17]) then
    set_answers()
    set_submitted(ARGV[17])
  end
end
-- The fence was lost meanwhile, so readers and writers may have passed it.
if not stood or not remembers(KEYS[6], ARGV[2], ARGV[3]) then
  redis.call('HDEL', KEYS[2], 'etag', 'none_ms')
  redis.call('HSET', KEYS[2], 'generation', ARGV[1])
  redis.call('PEXPIRE', KEYS[2], ARGV[4])
  if replaces then redis.call('DEL', KEYS[7]) end
  return {0, since}
end
local have = redis.call('HMGET', KEYS[2], 'version', 'confirmed_at')
local version, mine = tonumber(have[1]) or 0, tonumber(ARGV[5])
local newest = version < mine or (version == mine and (have[2] or '') <= ARGV[6])
if newest then redis.call('HSET', KEYS[2], 'version', ARGV[5], 'confirmed_at', ARGV[6]) end
if replaces and newest then
  -- Above the revision that a reader may restore who asked Postgres before this was committed.
  set_answers()
  set_submitted(math.max((tonumber(revision) or 0) + 1, tonumber(ARGV[17])))
elseif replaces then
  -- The newer version may be the cron's, which does not change the session.
  redis.call('DEL', KEYS[7])
end
if not newest or redis.call('ZCARD', KEYS[1]) > 0 then
  redis.call('HDEL', KEYS[2], 'etag', 'none_ms')
  return {0, since}
end
store_bcm(KEYS[2], KEYS[3], KEYS[4], KEYS[5], 4)
return {1, since}
