-- Functions: classify errors of Redis.
local function is_error(reply) return type(reply) == 'table' and reply.err ~= nil end
local function is_wrong_type(reply) return string.find(reply.err, 'WRONGTYPE', 1, true) ~= nil end

-- A key that cannot be incremented: not a number, or the largest one.
local function is_no_counter(reply)
  return is_wrong_type(reply) or string.find(reply.err, 'not an integer', 1, true) ~= nil
    or string.find(reply.err, 'overflow', 1, true) ~= nil
end
