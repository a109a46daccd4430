-- Functions: whether a payload is readable for all other programs, and how others are written into a record.
--
-- cjson alone is too lax: it accepts `1.`, `-.5`, raw control characters and invalid UTF-8, and it stops at a NUL. All
-- scripts share cjson, and an instance of its own (cjson.new) takes as long as a claim: so its setting is changed while
-- a text is decoded, and nothing that may fail happens meanwhile.

-- Decodes texts as JSON without NaN, Infinity and hexadecimal numbers. Returns nil if one of them is not JSON.
local function decode_all(texts)
  local jobs, decode = {}, cjson.decode
  for i = 1, #texts do jobs[i] = decode(texts[i]) end
  return jobs
end
local function decode_strictly(texts)
  local before = cjson.decode_invalid_numbers()
  cjson.decode_invalid_numbers(false)
  local ok, jobs = pcall(decode_all, texts)
  cjson.decode_invalid_numbers(before)
  return ok and jobs or nil
end

-- resque-web fails on an ActiveJob wrapper without its one argument.
local WRAPPER = 'ActiveJob::QueueAdapters::ResqueAdapter::JobWrapper'
-- In a long text a plain search for each character is much faster than one search for a class of characters.
local LONG = 1000

-- Whether it is, as all but a few are: printable ASCII without a dot, of an object with a class.
local function is_plain(text, job)
  if type(job) ~= 'table' or string.byte(text) ~= 123 then return false end
  local class = job.class
  return type(class) == 'string' and class ~= '' and class ~= WRAPPER and not string.find(text, '.', 1, true)
    and string.find(text, '^[ -~]*$') ~= nil
end

-- For the others: returns is_strict and as_text.
local function load_json()
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

  -- Whether it is a JSON object with a class, which resque-web and a pruning Ruby worker can read.
  local function is_strict(text)
    if not string.find(text, '^%s*{') then return false end
    local jobs = decode_strictly({ text })
    local job = jobs and jobs[1]
    if not job or type(job.class) ~= 'string' or job.class == '' then return false end
    if string.find(text, '\0', 1, true) or has_raw_control_character(text) or has_lax_number(text)
      or holds(text, '[\128-\255]', 128, 255) and not is_utf8(text) then
      return false
    end
    return job.class ~= WRAPPER or type(job.args) == 'table' and type(job.args[1]) == 'table'
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

  return is_strict, as_text
end
