-- Reads or edits a workspace's onboarding session, and reads the caller's membership, in one call.
-- KEYS: membership, session, snapshot lease.
-- ARGV: 1 operation, 2 session ttl, 3 lease ttl, 4 expected revision or '', 5 membership to store or '', 6 its ttl,
-- 7 revision of the snapshot to restore or '', 8 its state, 9 its ttl, 10 the number n of its answers, then n pairs of
-- field and JSON, then the operation's own pairs; empty JSON removes an answer.
-- Operations: read; degraded (a read while Postgres is unavailable, for which an older membership is enough); recheck (a
-- read when the lease has ended); change; replace; merge (triples of field, JSON and the JSON that the caller saw: it is
-- written at another revision too, as long as the fields still have the values seen); reapply (writes changes again that
-- Postgres has on top of the snapshot as revision 4 or, without one, that Redis has and a newer snapshot has not).
-- Answers {outcome, ttl left, 1 when a snapshot is due, field, value, field, value, …}. The outcomes: cold (Redis lacks the
-- membership or the session: read Postgres and call again), leased (a recheck finds that somebody else holds the lease),
-- role, submitted, stale, read, saved.
if ARGV[1] == 'recheck' and redis.call('EXISTS', KEYS[3]) == 1 then return {'leased'} end
local member, recent = member_of(KEYS[1])
local from = 11 + 2 * ARGV[10]
if ARGV[1] == 'degraded' then member = recent end
if ARGV[5] ~= '' then
  member = keep_member(KEYS[1], ARGV[5], ARGV[6])
end
local current = redis.call('HGET', KEYS[2], 'revision')
-- A snapshot that is newer than Redis was written while Redis was unavailable. A submitted one is always right: then a
-- finalize was committed and could not publish.
local newer = ARGV[7] ~= '' and (not current or tonumber(current) < tonumber(ARGV[7])
  or (ARGV[8] == 'submitted' and redis.call('HGET', KEYS[2], 'state') == 'draft'))
if newer then
  current = ARGV[7]
  redis.call('DEL', KEYS[2])
  redis.call('HSET', KEYS[2], 'revision', current, 'state', ARGV[8])
  for at = 11, from - 1, 2 do redis.call('HSET', KEYS[2], ARGV[at], ARGV[at + 1]) end
  redis.call('PEXPIRE', KEYS[2], ARGV[9])
end
if not member or not current then return {'cold'} end
-- The caller has seen a revision that Redis has not: Postgres may have it.
if ARGV[7] == '' and ARGV[4] ~= '' and tonumber(ARGV[4]) > tonumber(current) then return {'cold'} end

local width = ARGV[1] == 'merge' and 3 or 2
local function has_values_seen()
  for at = from, #ARGV, width do
    if (redis.call('HGET', KEYS[2], ARGV[at]) or '') ~= ARGV[at + 2] then return false end
  end
  return true
end
local function write(revision)
  redis.call('HSET', KEYS[2], 'revision', revision, 'state', 'draft')
  for at = from, #ARGV, width do
    if ARGV[at + 1] == '' then
      redis.call('HDEL', KEYS[2], ARGV[at])
    else
      redis.call('HSET', KEYS[2], ARGV[at], ARGV[at + 1])
    end
  end
  redis.call('PEXPIRE', KEYS[2], ARGV[2])
end

local outcome, due = 'read', 0
if ARGV[1] == 'reapply' then
  if redis.call('HGET', KEYS[2], 'state') == 'draft' and (newer or ARGV[4] ~= '') then
    if ARGV[4] == '' then
      write(current + 1)
    elseif current == ARGV[7] then
      write(ARGV[4])
    else
      write(math.max(current, ARGV[4]) + 1)
    end
  end
elseif ARGV[1] == 'change' or ARGV[1] == 'merge' or ARGV[1] == 'replace' then
  local role = cjson.decode(member).role
  if role ~= 'owner' and role ~= 'admin' then return {'role'} end
  if redis.call('HGET', KEYS[2], 'state') ~= 'draft' then
    outcome = 'submitted'
  elseif ARGV[4] ~= '' and ARGV[4] ~= current and not (ARGV[1] == 'merge' and has_values_seen()) then
    outcome = 'stale'
  else
    outcome = 'saved'
    if ARGV[1] == 'replace' then redis.call('DEL', KEYS[2]) end
    write(current + 1)
    -- Up to a second less: founders who began together do not all write again at one instant.
    local lease = ARGV[3] - now() % 1000 * 619 % 1000
    if redis.call('SET', KEYS[3], '1', 'PX', lease, 'NX') then due = 1 end
  end
end
local answer = {outcome, redis.call('PTTL', KEYS[2]), due}
for _, part in ipairs(redis.call('HGETALL', KEYS[2])) do answer[#answer + 1] = part end
return answer
