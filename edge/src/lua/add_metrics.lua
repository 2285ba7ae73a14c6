-- Adds an isolate's counts to everybody's.
-- KEYS: counters. ARGV: ttl, then series and number in turn.
for at = 2, #ARGV, 2 do
  redis.call('HINCRBY', KEYS[1], ARGV[at], ARGV[at + 1])
end
return redis.call('PEXPIRE', KEYS[1], ARGV[1])
