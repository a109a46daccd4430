/** Worker ids, as Ruby, goworker, node-resque and tsworker write them. Pure. */

export interface WorkerName {
  readonly host: string;
  /** undefined if the id has another form. */
  readonly pid: number | undefined;
  /** Distinguishes the workers of one process: `0`, `poller`; '' if there is only one. */
  readonly slot: string;
  /** The queues as configured: they may be patterns such as `*`, and exclusions such as `!low`. */
  readonly queues: readonly string[];
}

/** `host:4711:q`, `host:4711-0:a,b`, `host:4711-poller:a`, `host:4711+1:q`. Any other text is a host. */
export function parseWorkerId(id: string): WorkerName {
  const match = /^([^:]+):(\d+)(?:[-+]([^:]*))?:(.+)$/s.exec(id);
  if (match === null) return { host: id, pid: undefined, slot: '', queues: [] };
  const [, host, pid, slot = '', queues] = match;
  return { host, pid: Number(pid), slot, queues: [...new Set(queues.split(','))] };
}

/** node-resque's name of a worker: without the queues. */
export function nameWithoutQueues(id: string): string {
  return id.split(':', 2).join(':');
}
