/** The smallest ACL under which a daemon does everything, as the README names it: the key pattern is added by the test. */

export const SMALLEST_ACL: readonly string[] = [
  ...['+ping', '+time', '+eval', '+evalsha', '+client|tracking'],
  ...['+get', '+set', '+getdel', '+del', '+exists', '+mget', '+incr', '+incrby'],
  ...['+llen', '+lpop', '+lpush', '+rpush', '+sadd', '+srem', '+sismember', '+smembers', '+sscan'],
  ...['+hset', '+hget', '+hdel', '+hexists', '+hscan', '+zadd', '+zcard', '+zrem', '+zremrangebyscore'],
];

/** Of these, what a daemon can do without: slower, or without the feature that needs it. */
export const DISPENSABLE: readonly string[] = ['+client|tracking', '+getdel', '+sscan'];

/** Added where they are used. */
export const ACL_OF_WAIT = '+wait';
export const ACL_OF_HTTP = '+lindex';
/** Of a program that only enqueues. */
export const ACL_OF_PRODUCER: readonly string[] = [
  ...['+ping', '+eval', '+evalsha', '+sismember', '+llen', '+sadd', '+rpush'],
];
export const ACL_OF_CLUSTER = '+cluster|slots';

/** Of the channel for orders, whose pattern is added by the test. */
export const ACL_OF_ORDERS: readonly string[] = ['+subscribe', '+unsubscribe'];

/** What jobs that run again (`retry`) need beyond it. */
export const ACL_OF_RETRY: readonly string[] = ['+hincrby', '+zpopmin', '+zrange', '+zscore'];

/** What moving delayed jobs needs beyond it. */
export const ACL_OF_SCHEDULER = ['+lindex', '+lrem', '+ltrim', '+pttl', '+zrange', '+zrangebyscore'];

/** What recurring jobs need beyond that, and `retry`. */
export const ACL_OF_SCHEDULE: readonly string[] = ['+hgetall', '+hincrby', '+hlen'];
/** What unique jobs need beyond it: of a worker, and of a program that only enqueues. */
export const ACL_OF_UNIQUE = '+pexpire';
export const ACL_OF_UNIQUE_PRODUCER: readonly string[] = ['+get', '+set', '+time'];
