/** The smallest ACL for a daemon, as the README lists it; the test adds the key pattern. */

export const SMALLEST_ACL: readonly string[] = [
  ...['+ping', '+time', '+eval', '+evalsha', '+client|tracking'],
  ...['+get', '+set', '+getdel', '+del', '+exists', '+mget', '+incr', '+incrby'],
  ...['+llen', '+lpop', '+lpush', '+rpush', '+sadd', '+srem', '+sismember', '+smembers', '+sscan'],
  ...['+hset', '+hget', '+hdel', '+hexists', '+hscan', '+zadd', '+zcard', '+zrem', '+zremrangebyscore'],
];

/** The optional part of these: without it a daemon is slower, or lacks the feature that needs it. */
export const DISPENSABLE: readonly string[] = ['+client|tracking', '+getdel', '+sscan'];

/** Added by the tests that use them. */
export const ACL_OF_WAIT = '+wait';
export const ACL_OF_HTTP = '+lindex';
/** For a program that only enqueues. */
export const ACL_OF_PRODUCER: readonly string[] = [
  ...['+ping', '+eval', '+evalsha', '+sismember', '+llen', '+sadd', '+rpush'],
];
export const ACL_OF_CLUSTER = '+cluster|slots';

/** For the channel for orders, whose pattern the test adds. */
export const ACL_OF_ORDERS: readonly string[] = ['+subscribe', '+unsubscribe'];

/** Additional commands for retries. */
export const ACL_OF_RETRY: readonly string[] = ['+hincrby', '+zpopmin', '+zrange', '+zscore'];

/** Additional commands for moving delayed jobs. */
export const ACL_OF_SCHEDULER = ['+lindex', '+lrem', '+ltrim', '+pttl', '+zrange', '+zrangebyscore'];

/** Additional commands for the history. */
export const ACL_OF_HISTORY: readonly string[] = ['+lindex', '+ltrim', '+scard', '+expire'];

/** Additional commands for recurring jobs, beyond those and `retry`. */
export const ACL_OF_SCHEDULE: readonly string[] = ['+hgetall', '+hincrby', '+hlen'];
/** Additional commands for unique jobs: for a worker, and for a program that only enqueues. */
export const ACL_OF_UNIQUE = '+pexpire';
export const ACL_OF_UNIQUE_PRODUCER: readonly string[] = ['+get', '+set', '+time'];
