-- Functions: the record of a worker, `{"token":"…","queue":"…","run_at":"…",…,"payload":…}`.

-- Takes a record: a text, or false if there is none; and an error if the ACL forbids it. GETDEL is missing before Redis
-- 6.2, or may be forbidden. A key of another type is no record of tsworker.
local function take(key)
  local record = redis.pcall('GETDEL', key)
  if type(record) ~= 'table' then return record end
  record = redis.pcall('GET', key)
  if type(record) == 'table' then return false, not is_wrong_type(record) and record or nil end
  local deleted = redis.pcall('DEL', key)
  if type(deleted) == 'table' then return false, deleted end
  return record
end

-- Writes a record, and returns the one that it replaces, if any; or an error. SET has no GET before Redis 6.2.
local function replace(key, record)
  local old = redis.pcall('SET', key, record, 'GET')
  if type(old) ~= 'table' then return old end
  old = redis.pcall('GET', key)
  if type(old) == 'table' then return old end
  local set = redis.pcall('SET', key, record)
  return set.err and set or old
end

-- Whether it is the record of this claim: its token is between quotes after `{"token":`.
local function has_token(record, token)
  return record and string.find(record, token, 11, true) == 11 and string.byte(record, 11 + #token) == 34
end

-- The last fields of an envelope: the retry and the payload. The queue before them cannot contain such a text.
local function state_in(envelope)
  return string.sub(envelope, string.find(envelope, '"retry":', 1, true), -1)
end
