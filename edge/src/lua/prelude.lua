-- Stands before every script.

-- Milliseconds since 1970, by the clock of Redis: the one clock that all isolates share.
local function now()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end

-- A membership record as it counts now, and as it may still let a reader in while Postgres is away.
local function member_of(key)
  local record = redis.call('GET', key)
  if not record then return false, false end
  if now() - cjson.decode(record).confirmed_ms > 60000 then return false, record end
  return record, record
end

-- Keeps what Postgres has just said about a membership.
local function keep_member(key, record, ttl)
  record = cjson.decode(record)
  record.confirmed_ms = now()
  record = cjson.encode(record)
  redis.call('SET', key, record, 'PX', ttl)
  return record
end

-- Counts a request within a sliding window: what the last window counted weighs as much as it still reaches in.
-- Answers {1 or 0, the most, how many are left, milliseconds until more may be asked}.
local function limit(key, policy, member)
  policy = cjson.decode(policy)
  local most = policy[member and cjson.decode(member).plan] or policy.none
  local window, at = policy.window, now()
  local number, gone = math.floor(at / window), at % window
  local kept = redis.call('HMGET', key, 'number', 'count', 'before')
  local passed = number - tonumber(kept[1] or number)
  local count, before = tonumber(kept[2] or '0'), tonumber(kept[3] or '0')
  if passed == 1 then count, before = 0, count elseif passed > 1 then count, before = 0, 0 end
  local used = count + before * (window - gone) / window
  if used + 1 > most then
    local wait
    if count + 1 <= most then
      wait = window * (1 - (most - count - 1) / before) - gone
    else
      wait = window - gone + window * (1 - (most - 1) / count)
    end
    return {0, most, 0, math.ceil(wait)}
  end
  redis.call('HSET', key, 'number', number, 'count', count + 1, 'before', before)
  redis.call('PEXPIRE', key, 2 * window)
  return {1, most, math.floor(most - used - 1), window - gone}
end

