-- Functions: the locks of unique jobs, `tsworker:unique:<class>:<sha1>`. The value of a lock is the token of the job that
-- holds it; if another job may replace that one, also its queue and its payload:
-- `<token> <length of the queue's name> <queue><payload>`. A lock always has a TTL.

-- Only the job whose payload contains the token may change its lock. A key of another type is not a lock.
local function holds_lock(key, token)
  local value = redis.pcall('GET', key)
  return type(value) == 'string' and string.match(value, '^%S*') == token
end

-- Releases a lock for a TTL of '0', or renews it for this many milliseconds. Errors are ignored, since the job has already
-- moved: the TTL then ends the lock. Returns whether the job held it.
local function settle_lock(key, token, ttl)
  if not holds_lock(key, token) then return false end
  if ttl == '0' then redis.pcall('DEL', key) else redis.pcall('PEXPIRE', key, ttl) end
  return true
end
