-- Functions: whether a payload is readable for all other programs, and how others are written into a record.
--
-- cjson alone is too lax: it accepts `1.`, `-.5`, raw control characters and invalid UTF-8, and it stops at a NUL. A
-- short payload is scanned once for any character that these need; only if there is one, each is searched for.
local function is_utf8(text)
  -- Most of a text is ASCII, which is always valid, and the rest repeats itself.
  local runs, seen = {}, {}
  for run in string.gmatch(text, '[\128-\255]+') do
    if not seen[run] then runs[#runs + 1] = run end
    seen[run] = true
  end
  text = table.concat(runs, ' ')
  text = string.gsub(text, '[\194-\223][\128-\191]', ' ')
  text = string.gsub(text, '\224[\160-\191][\128-\191]', ' ')
  text = string.gsub(text, '\237[\128-\159][\128-\191]', ' ')
  text = string.gsub(text, '[\225-\236\238\239][\128-\191][\128-\191]', ' ')
  text = string.gsub(text, '\240[\144-\191][\128-\191][\128-\191]', ' ')
  text = string.gsub(text, '\244[\128-\143][\128-\191][\128-\191]', ' ')
  text = string.gsub(text, '[\241-\243][\128-\191][\128-\191][\128-\191]', ' ')
  return not string.find(text, '[\128-\255]')
end

-- In a long text a plain search for each character is much faster than one search for a class of characters.
local LONG = 1000
local function holds(text, class, first, last)
  if #text < LONG then return string.find(text, class) end
  for byte = first, last do
    if string.find(text, string.char(byte), 1, true) then return true end
  end
end

local function has_raw_control_character(text)
  if not holds(text, '[\1-\31]', 1, 31) then return false end
  for inside in string.gmatch(string.gsub(text, '\\.', ''), '"([^"]*)"') do
    if string.find(inside, '[\1-\31]') then return true end
  end
  return false
end

local function has_lax_number(text)
  if not string.find(text, '.', 1, true) then return false end
  if not (string.find(text, '%.%D') or string.find(text, '%D%.')) then return false end
  local bare = string.gsub(string.gsub(text, '\\.', ''), '"[^"]*"', '')
  return string.find(bare, '%.%D') or string.find(bare, '%D%.')
end

-- Whether it is a JSON object with a class, which resque-web and a pruning Ruby worker can read. To be called through
-- with_strict_numbers.
local function is_strict(text)
  if not string.find(text, '^%s*{') then return false end
  local ok, job = pcall(cjson.decode, text)
  if not ok or type(job.class) ~= 'string' or job.class == '' then return false end
  -- All of printable ASCII but the dot.
  local plain = #text < LONG and string.match(text, '^[ -\45/-~]*()') > #text
  if not plain and (string.find(text, '\0', 1, true) or has_raw_control_character(text) or has_lax_number(text)
    or holds(text, '[\128-\255]', 128, 255) and not is_utf8(text)) then
    return false
  end
  -- resque-web fails on an ActiveJob wrapper without its one argument.
  if job.class == 'ActiveJob::QueueAdapters::ResqueAdapter::JobWrapper' then
    return type(job.args) == 'table' and type(job.args[1]) == 'table'
  end
  return true
end

-- Calls a function while cjson rejects NaN, Infinity and hexadecimal numbers, and restores it: all scripts share cjson,
-- and an instance of its own (cjson.new) takes as long as a claim.
local function with_strict_numbers(body, ...)
  local before = cjson.decode_invalid_numbers()
  cjson.decode_invalid_numbers(false)
  local ok, result = pcall(body, ...)
  cjson.decode_invalid_numbers(before)
  if not ok then error(result, 0) end
  return result
end

-- The last fields of a record for a payload that is not strict: a text from which its bytes can be restored. Invalid
-- UTF-8 is written as one Latin-1 character for each byte.
local LATIN1 = {}
local function as_text(payload)
  local encoding, text = 'utf8', payload
  if not is_utf8(payload) then
    for byte = next(LATIN1) and 256 or 128, 255 do
      LATIN1[string.char(byte)] = byte < 192 and '\194' .. string.char(byte) or '\195' .. string.char(byte - 64)
    end
    encoding, text = 'latin1', string.gsub(payload, '[\128-\255]', LATIN1)
  end
  return '"payload_encoding":"' .. encoding .. '","payload":{"class":"InvalidPayload","args":[' .. cjson.encode(text) .. ']}'
end
