/**
 * The heartbeat in a thread of its own, with a connection of its own: a worker must not be declared dead while a job
 * blocks its event loop for ten minutes.
 */
import { Worker } from 'node:worker_threads';
import * as globals from '../../globals.js';
import { builtFile } from '../../package-files.js';
import type { ConnectOptions } from '../../redis/options.js';
import type { SchedulerData } from '../../scheduler/create.js';
import type { SchedulerMessage } from '../../scheduler/scheduler.js';
import type { Service } from '../../service.js';
import type { OrderMessage } from '../control.js';
import type { HeartbeatMessage, HeartbeatOptions } from '../heartbeat-options.js';

/** The start data of the thread. */
export interface ThreadData {
  readonly connect: ConnectOptions;
  readonly shownUri: string;
  readonly heartbeat: HeartbeatOptions;
  /** undefined: no scheduler in this process. */
  readonly scheduler: SchedulerData | undefined;
  /** One cell of shared memory: {@link IMPORTING}, then CONNECTING or STOPPED, whichever is set first. */
  readonly phase: Int32Array;
}

/** The thread is loading its modules, and may be terminated at once: a short run need not wait for it. */
export const IMPORTING = 0;
/** The thread may have sent a heartbeat: it must end by itself. */
export const CONNECTING = 1;
export const STOPPED = 2;

/** The only message to the thread. */
export type ThreadOrder = 'stop';

const STOP_PATIENCE_MS = 1500;

export class ThreadedHeartbeat implements Service {
  readonly name = 'heartbeat';
  #data: Omit<ThreadData, 'phase'>;
  #phase = newPhase();
  #tell: (message: HeartbeatMessage | SchedulerMessage | OrderMessage) => void;
  #thread: Worker | undefined;
  #stopping = false;

  constructor(
    data: Omit<ThreadData, 'phase'>,
    tell: (message: HeartbeatMessage | SchedulerMessage | OrderMessage) => void,
  ) {
    this.#data = data;
    this.#tell = tell;
  }

  async start(): Promise<void> {
    if (this.#thread !== undefined) return;
    this.#stopping = false;
    this.#phase = newPhase();
    const thread = new Worker(builtFile('thread'), {
      workerData: { ...this.#data, phase: this.#phase } satisfies ThreadData,
      // The thread needs none of the program's flags (loaders, profilers, inspectors).
      execArgv: [],
    });
    this.#thread = thread;
    thread.on('message', this.#tell);
    thread.on('error', (error) => this.#tell({ kind: 'problem', message: String(error) }));
    thread.once('exit', () => {
      this.#thread = undefined;
      // A worker without a heartbeat is declared dead: the thread is started again.
      if (!this.#stopping) setTimeout(() => this.#stopping || void this.start(), 1000).unref();
    });
  }

  /** Ends after the current beat: nothing may be written after the unregistering. */
  async stop(): Promise<void> {
    this.#stopping = true;
    const thread = this.#thread;
    if (thread === undefined) return;
    const exited = new globals.Promise<void>((resolve) => thread.once('exit', () => resolve()));
    if (Atomics.compareExchange(this.#phase, 0, IMPORTING, STOPPED) === IMPORTING) void thread.terminate();
    else thread.postMessage('stop' satisfies ThreadOrder);
    const timer = setTimeout(() => void thread.terminate(), STOP_PATIENCE_MS);
    await exited;
    clearTimeout(timer);
  }
}

function newPhase(): Int32Array {
  return new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
}
