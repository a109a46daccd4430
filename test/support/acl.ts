/** The smallest ACL under which a daemon does everything, as the README names it: the key pattern is added by the test. */

export const SMALLEST_ACL: readonly string[] = [
  ...['+ping', '+time', '+eval', '+evalsha', '+client|tracking'],
  ...['+get', '+set', '+getdel', '+del', '+exists', '+mget', '+incr', '+incrby'],
  ...['+lindex', '+lpop', '+lpush', '+rpush', '+sadd', '+srem', '+sismember', '+sscan'],
  ...['+hset', '+hget', '+hdel', '+hexists', '+hscan', '+zadd', '+zcard', '+zrem', '+zremrangebyscore'],
  ...['+multi', '+exec'],
];

/** Of these, what a daemon can do without: slower, or without the feature that needs it. */
export const DISPENSABLE: readonly string[] = ['+client|tracking', '+getdel', '+sscan', '+multi', '+exec'];

/** Added where they are used. */
export const ACL_OF_WAIT = '+wait';
export const ACL_OF_HTTP = '+llen';
export const ACL_OF_CLUSTER = '+cluster|slots';

/** What moving delayed jobs needs beyond it. */
export const ACL_OF_SCHEDULER = ['+llen', '+lrem', '+ltrim', '+pttl', '+zrange', '+zrangebyscore'];
