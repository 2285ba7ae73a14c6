-- The kept view of an order; where there is none, a lease on asking about it, so that many pages ask once.
-- KEYS: view, lease. ARGV: lease in milliseconds. Answers {view or false, 1 when the lease is ours}.
local view = redis.call('GET', KEYS[1])
if view then return {view, 0} end
if redis.call('SET', KEYS[2], '1', 'PX', ARGV[1], 'NX') then return {false, 1} end
return {false, 0}
