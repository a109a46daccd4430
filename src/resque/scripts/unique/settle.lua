-- Releases or renews locks of unique jobs.
--
-- KEYS  a key that never exists
-- ARGV  for each lock its key, its token, and its new TTL in milliseconds ('0': it is released)
-- Returns a string with a character for each lock: 1, or 0 (the job does not hold it)
local states = {}
for at = 1, #ARGV, 3 do states[#states + 1] = settle_lock(ARGV[at], ARGV[at + 1], ARGV[at + 2]) and '1' or '0' end
return table.concat(states)
