/** The names in Redis. With a hash tag, so that every scenario could also run in a Cluster. */
export const NAMESPACE = '{resque}:';
export const QUEUES = ['high', 'low'] as const;
/** Ids of the jobs that were ever enqueued. */
export const PUSHED = '{resque}:chaos:pushed';
export const WRITES = '{resque}:chaos:writes';
