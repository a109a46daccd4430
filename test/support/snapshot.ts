/** Every key with its type and value. Unordered values are sorted, so that a rehash is not a change. */
import type { TestClient } from './redis.js';

const SNAPSHOT = `
local all = {}
for _, key in ipairs(redis.call('KEYS', '*')) do
  local kind = redis.call('TYPE', key).ok
  local value
  if kind == 'string' then value = { redis.call('GET', key) }
  elseif kind == 'list' then value = redis.call('LRANGE', key, 0, -1)
  elseif kind == 'set' then value = redis.call('SMEMBERS', key)
  elseif kind == 'zset' then value = redis.call('ZRANGE', key, 0, -1, 'WITHSCORES')
  else value = redis.call('HGETALL', key) end
  if kind == 'set' then table.sort(value) end
  if kind == 'hash' then
    local pairs_of = {}
    for i = 1, #value, 2 do pairs_of[#pairs_of + 1] = value[i] .. '\\0' .. value[i + 1] end
    table.sort(pairs_of)
    value = pairs_of
  end
  all[#all + 1] = { key, kind, value }
end
table.sort(all, function(a, b) return a[1] < b[1] end)
return all
`;
export type Snapshot = readonly (readonly [key: string, kind: string, value: readonly string[]])[];

export async function snapshot(client: TestClient): Promise<Snapshot> {
  return (await client.eval(SNAPSHOT)) as unknown as Snapshot;
}
