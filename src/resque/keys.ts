/** All key names: Resque's, and those of tsworker (below `tsworker:`, marked "Ours" here). Pure. */

export interface Keys {
  readonly queues: string;
  readonly workers: string;
  readonly heartbeats: string;
  readonly pruneLock: string;
  readonly failed: string;
  readonly processed: string;
  readonly failures: string;
  readonly pause: string;
  /** Of resque-pause and Mission Control: a queue is paused while this key exists. */
  pauseOf(queue: string): string;
  /** Of resque-scheduler and node-resque: a sorted set of the times for which there are jobs. */
  readonly delayedTimes: string;
  /** Ours: names the process whose scheduler leads. Expires (see scheduler/scheduler.ts). */
  readonly scheduler: string;
  /** Ours: a hash, application → the schedule that it published (see recurring/published.ts). */
  readonly schedules: string;
  /** Ours: a hash: `revision` rises with each change of the schedules; `started:<application>` (see publish.lua). */
  readonly schedule: string;
  /** Ours: a set of the names of the entries that are paused. */
  readonly pausedSchedules: string;
  /** Ours: a hash, name of an entry → its last and next tick (see recurring/tick.ts). */
  readonly ticks: string;
  /** Of resque-scheduler: a hash, name of an entry → when it was enqueued last, as Ruby writes times. */
  readonly lastEnqueuedAt: string;
  /** Of resque-scheduler: a hash, name → entry (JSON), of those that programs have added. */
  readonly persistentSchedules: string;
  /** Of resque-scheduler: a set of the names of changed entries. */
  readonly changedSchedules: string;
  /** Ours: a sorted set of live processes (`<label>:<pid>`), scored by the server time of their last beat. */
  readonly processes: string;
  /** Ours: a hash, `<label>:<pid>` → the machine of that process (see registry/processes/process-fingerprint.ts). */
  readonly machines: string;
  /** Ours: since when Redis accepts heartbeats without a break, and when the last one was (see registry/processes/outages.ts). */
  readonly beats: string;
  /** Ours: a hash, `<label>:<pid>` → the state of that process (see registry/processes/process-state.ts). */
  readonly states: string;
  /** Ours: a hash, sha1 of a payload → the deaths of the processes that ran it (see recover.lua). */
  readonly suspects: string;
  /** Ours: a set of the queues that may have jobs in quarantine. */
  readonly quarantines: string;
  /** Ours: a sorted set of the queues that have retries, scored by when the first is due (ms). */
  readonly retries: string;
  /** Ours: a hash of counts beside Resque's own two (retried, scheduled). */
  readonly stat: string;
  /** Ours: a list of what was measured each minute, newest first (see sample.lua). Expires. */
  readonly history: string;
  /** Ours: the same each hour. Expires. */
  readonly historyHours: string;
  /** Ours: a hash, id → an operation on failed jobs in the dashboard. Expires. */
  readonly operations: string;
  /** Ours: the id of the running operation. Expires. */
  readonly operation: string;
  /** Ours: written when any write is needed (-wait-replicas). Expires. */
  readonly fence: string;
  /** Ours: never exists. For keys that a script must declare, and for commands that are only tried. */
  readonly never: string;
  /** Ours: the channel on which a process (`<label>:<pid>`) takes orders (see registry/control.ts). */
  control(process: string): string;
  /** Ours: the result of an order, for its sender. Expires. */
  answer(id: string): string;
  /** Ours: how many batches of a long enqueue were pushed. Expires. */
  enqueued(nonce: string): string;
  /** Ours: asks the process that runs this operation to stop. Expires. */
  cancelOf(operation: string): string;
  /** Ours: short hashes of the payloads that it has retried. Expires. */
  payloadsOf(operation: string): string;
  /** Ours: the failed entries that it has removed: a list. Expires. */
  trashOf(operation: string): string;
  /** Ours: the lock of a unique job, `<Class>:<sha1>`. Expires. */
  unique(name: string): string;
  queue(name: string): string;
  /** Ours: the quarantine of a queue, a list of the jobs with which two processes died. */
  quarantine(name: string): string;
  /** Ours: the retries of a queue, a sorted set of envelopes scored by when they are due (ms). */
  retriesOf(name: string): string;
  worker(id: string): string;
  started(id: string): string;
  processedBy(id: string): string;
  failuresOf(id: string): string;
  /** node-resque's heartbeat. `name` is a worker id without its queues. */
  ping(name: string): string;
  /** The items of one of `delayedTimes`: a list. */
  delayedAt(time: string): string;
  /** The lists of `delayedAt` that contain this item: a set. */
  delayedItem(item: string): string;
  /**
   * The lock of a running resque-scheduler; `prefix` as in its RESQUE_SCHEDULER_MASTER_LOCK_PREFIX. Contains the
   * namespace twice.
   */
  rubySchedulerLock(prefix: string): string;
  /** The lock of a running scheduler of node-resque. */
  readonly nodeSchedulerLock: string;
}

/** @param namespace the raw prefix, colon included, as goworker takes it: `resque:` */
export function createKeys(namespace: string): Keys {
  return {
    queues: `${namespace}queues`,
    workers: `${namespace}workers`,
    heartbeats: `${namespace}workers:heartbeat`,
    pruneLock: `${namespace}pruning_dead_workers_in_progress`,
    failed: `${namespace}failed`,
    processed: `${namespace}stat:processed`,
    failures: `${namespace}stat:failed`,
    pause: `${namespace}pause-all-workers`,
    pauseOf: (queue) => `${namespace}pause:queue:${queue}`,
    delayedTimes: `${namespace}delayed_queue_schedule`,
    scheduler: `${namespace}tsworker:scheduler`,
    schedules: `${namespace}tsworker:schedules`,
    schedule: `${namespace}tsworker:schedule`,
    pausedSchedules: `${namespace}tsworker:schedule:paused`,
    ticks: `${namespace}tsworker:ticks`,
    lastEnqueuedAt: `${namespace}delayed:last_enqueued_at`,
    persistentSchedules: `${namespace}persistent_schedules`,
    changedSchedules: `${namespace}schedules_changed`,
    nodeSchedulerLock: `${namespace}resque_scheduler_leader_lock`,
    processes: `${namespace}tsworker:processes`,
    machines: `${namespace}tsworker:machines`,
    beats: `${namespace}tsworker:beats`,
    states: `${namespace}tsworker:states`,
    suspects: `${namespace}tsworker:suspects`,
    quarantines: `${namespace}tsworker:quarantine`,
    retries: `${namespace}tsworker:retries`,
    stat: `${namespace}tsworker:stat`,
    history: `${namespace}tsworker:history`,
    historyHours: `${namespace}tsworker:history:hours`,
    operations: `${namespace}tsworker:operations`,
    operation: `${namespace}tsworker:operation`,
    fence: `${namespace}tsworker:fence`,
    never: `${namespace}tsworker:never`,
    control: (process) => `${namespace}tsworker:control:${process}`,
    answer: (id) => `${namespace}tsworker:answer:${id}`,
    enqueued: (nonce) => `${namespace}tsworker:enqueue:${nonce}`,
    cancelOf: (operation) => `${namespace}tsworker:cancel:${operation}`,
    payloadsOf: (operation) => `${namespace}tsworker:retried:${operation}`,
    trashOf: (operation) => `${namespace}tsworker:trash:${operation}`,
    unique: (name) => `${namespace}tsworker:unique:${name}`,
    queue: (name) => `${namespace}queue:${name}`,
    quarantine: (name) => `${namespace}tsworker:quarantine:${name}`,
    retriesOf: (name) => `${namespace}tsworker:retries:${name}`,
    worker: (id) => `${namespace}worker:${id}`,
    started: (id) => `${namespace}worker:${id}:started`,
    processedBy: (id) => `${namespace}stat:processed:${id}`,
    failuresOf: (id) => `${namespace}stat:failed:${id}`,
    ping: (name) => `${namespace}worker:ping:${name}`,
    delayedAt: (time) => `${namespace}delayed:${time}`,
    delayedItem: (item) => `${namespace}timestamps:${item}`,
    rubySchedulerLock: (prefix) =>
      [
        `${namespace}${namespace.replace(/:$/, '')}`,
        ...(prefix === '' ? [] : [prefix]),
        'resque_scheduler_master_lock',
      ].join(':'),
  };
}
