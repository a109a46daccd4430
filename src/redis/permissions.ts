/**
 * The commands that a worker requires, and the check at start that the ACL of its user allows them. Missing ones are
 * named at start, not by a job that fails later. Redis before 7 cannot be asked.
 */
import { TsworkerError } from '../errors.js';
import type { Connection } from './connection.js';

/*
 * `k` is a key below the namespace. Optional commands are not listed: getdel (get and del instead), sscan (only for
 * -force-prune), client|tracking (polling instead).
 */
const ON_KEYS: readonly string[] = [
  'get k',
  'set k v',
  'del k',
  'exists k',
  'mget k',
  'incr k',
  'incrby k 1',
  'llen k',
  'lpop k',
  'lpush k v',
  'rpush k v',
  'sadd k v',
  'smembers k',
  'srem k v',
  'sismember k v',
  'hset k f v',
  'hget k f',
  'hdel k f',
  'hexists k f',
  'hscan k 0',
  'zadd k 1 v',
  'zcard k',
  'zrem k v',
  'zremrangebyscore k 0 1',
];

const WITHOUT_KEYS: readonly string[] = ['ping', 'time', 'evalsha x 0'];

/*
 * ARGV: commands with their words separated by blanks; a word `k` is replaced by KEYS[1]. Returns the denied ones.
 * Commands that the server does not know are skipped: their callers handle that.
 */
const SCRIPT = `
local denied = {}
if not redis.acl_check_cmd then return denied end
for _, text in ipairs(ARGV) do
  local words = {}
  for word in string.gmatch(text, '%S+') do words[#words + 1] = word == 'k' and KEYS[1] or word end
  local known, granted = pcall(redis.acl_check_cmd, unpack(words))
  if known and not granted then denied[#denied + 1] = words[1] end
end
return denied
`;

/**
 * Whether the ACL denied it. For a command in a script the message is another one. Redis 7.0: "ERR The user executing the
 * script can't run this command or subcommand"; 7.2 and newer and Valkey: "ERR ACL failure in script: User x has no
 * permissions to run the 'get' command".
 */
export function isDenied(error: unknown): boolean {
  return (
    error instanceof Error &&
    /^(NOPERM\b|ERR ACL failure in script\b|ERR The user executing the script can't\b)/.test(error.message)
  );
}

/** The denied command; undefined: a key was denied, or it is another error. */
export function deniedCommand(error: unknown): string | undefined {
  return isDenied(error) ? /'([^']+)' (?:sub)?command/.exec((error as Error).message)?.[1] : undefined;
}

/**
 * @param more commands in addition to those that every worker needs
 * @throws TsworkerError REDIS that names what the ACL denies
 */
export async function requirePermissions(
  connection: Connection,
  namespace: string,
  shownUri: string,
  more: readonly string[] = [],
): Promise<void> {
  const commands = [...WITHOUT_KEYS, ...more, ...ON_KEYS];
  // Any key of the namespace that contains no pattern characters.
  const key = `${namespace}queues`;
  const reply = await connection.send(['EVAL', SCRIPT, '1', key, ...commands]).catch((error: unknown) => {
    if (isDenied(error))
      return /permissions to access/i.test((error as Error).message) ? ON_KEYS.map(nameOf) : ['eval'];
    if (error instanceof Error && /unknown command|^ERR/i.test(error.message)) return [];
    throw error;
  });
  const denied = (reply as string[]).map(String);
  if (denied.length === 0) return;
  const all = ON_KEYS.every((command) => denied.includes(nameOf(command)));
  const what = all ? `use the keys ${namespace}*` : `run ${denied.join(', ')}`;
  throw new TsworkerError('REDIS', `Redis at ${shownUri} rejected the connection: our user may not ${what}`, {
    hint: all
      ? `ACL SETUSER <user> ~${namespace}*`
      : `ACL SETUSER <user> ${denied.map((name) => `+${name}`).join(' ')}`,
  });
}

function nameOf(command: string): string {
  return command.split(' ')[0];
}
