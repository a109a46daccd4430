/** Worker ids, as Ruby, goworker, node-resque and tsworker write them. Pure. */

export interface WorkerName {
  readonly host: string;
  /** undefined if the id has another form. */
  readonly pid: number | undefined;
  /** Distinguishes the workers of one process: `0`, `poller`; '' if there is only one. */
  readonly slot: string;
  /** The queues as configured; they may be patterns such as `*`. */
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

/** Whether a worker with these queues processes `queue`, by name or by a pattern. */
export function serves(queues: readonly string[], queue: string): boolean {
  return queues.some((pattern) => pattern === queue || (/[*?[]/.test(pattern) && patternOf(pattern).test(queue)));
}

/** Ruby's File.fnmatch without its path rules: `*`, `?`, `[ab]`, `[^a]`, `[!a]`; a dot in front is never matched by these. */
function patternOf(pattern: string): RegExp {
  const source = pattern.replace(/\[([!^]?)([^\]]+)\]|[\s\S]/g, (one, not: string | undefined, set?: string) => {
    if (set !== undefined) return `[${not ? '^' : ''}${set.replace(/[\\\]^]/g, '\\$&')}]`;
    if (one === '*') return '[\\s\\S]*';
    return one === '?' ? '[\\s\\S]' : one.replace(/[\\^$.*+?()[\]{}|/-]/, '\\$&');
  });
  return new RegExp(`^${/^[*?[]/.test(pattern) ? '(?!\\.)' : ''}${source}$`);
}
