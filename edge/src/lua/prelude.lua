-- Prepended to every script.

-- Milliseconds since 1970, by the clock of Redis: the one clock that all isolates share.
local function now()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end

-- The membership record while it is confirmed, and the record that may still let a reader in while Postgres is unavailable.
local function member_of(key)
  local record = redis.call('GET', key)
  local readable, member = pcall(cjson.decode, record or '')
  if not readable then return false, false end
  if now() - member.confirmed_ms > 60000 then return false, record end
  return record, record
end

-- Stores the membership record that Postgres has just returned.
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

-- The outcome of the first request with an idempotency key: {'reused'} for another body, {'done', status, body}, or
-- {'busy'}; false when there was none.
local function repeated(key, fingerprint)
  local kept = redis.call('HMGET', key, 'fingerprint', 'status', 'body')
  if not kept[1] then return false end
  if kept[1] ~= fingerprint then return {'reused'} end
  if kept[2] then return {'done', kept[2], kept[3]} end
  return {'busy'}
end

-- Claims an idempotency key.
local function claim(key, fingerprint, lease)
  redis.call('HSET', key, 'fingerprint', fingerprint)
  redis.call('PEXPIRE', key, lease)
end

-- Whether Redis has lost nothing for longer than a fence lives. When it has lost its data it may have lost fences too:
-- until those would have expired, no manifest may be cached.
local function remembers(epoch, ttl, fence_ttl)
  local since = tonumber(redis.call('GET', epoch))
  if not since then
    since = now()
    redis.call('SET', epoch, since, 'PX', ttl)
  end
  return now() - since > tonumber(fence_ttl)
end

-- store_bcm: a manifest into all of its tiers at once. `at` is where its arguments begin: head ttl, version,
-- confirmed_at, etag, time until it is refreshed, the three ttls, the text with its checksum, the same deflated.
local function store_bcm(head, tier0, tier1, tier2, at)
  redis.call('HDEL', head, 'none_ms')
  redis.call('HSET', head, 'version', ARGV[at + 1], 'confirmed_at', ARGV[at + 2], 'etag', ARGV[at + 3],
    'kept_ms', now(), 'soft_ms', now() + ARGV[at + 4])
  redis.call('PEXPIRE', head, ARGV[at])
  redis.call('SET', tier0, ARGV[at + 8], 'PX', ARGV[at + 5])
  redis.call('SET', tier1, ARGV[at + 8], 'PX', ARGV[at + 6])
  redis.call('SET', tier2, ARGV[at + 9], 'PX', ARGV[at + 7])
end
