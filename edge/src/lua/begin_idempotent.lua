-- Claims an idempotency key, or returns the outcome of the first request with it.
-- KEYS: idempotency key, limit, membership. ARGV: fingerprint of the request, lease in milliseconds, the limit's policy.
-- Answers {'new', verdict}, {'limited', verdict}, {'busy'}, {'reused'} or {'done', status, body}. Repeats are not
-- counted: they create nothing.
local before = repeated(KEYS[1], ARGV[1])
if before then return before end
local verdict = limit(KEYS[2], ARGV[3], member_of(KEYS[3]))
if verdict[1] == 0 then return {'limited', verdict} end
claim(KEYS[1], ARGV[1], ARGV[2])
return {'new', verdict}
