-- Releases or renews the locks of unique jobs that have started.
--
-- KEYS  a key that is never there
-- ARGV  for each lock its key, its token, and its new TTL in milliseconds ('0': it is released)
for at = 1, #ARGV, 3 do settle_lock(ARGV[at], ARGV[at + 1], ARGV[at + 2]) end
