-- Keeps a view of an order for its reader.
-- KEYS: view. ARGV: view, ttl.
return redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
