/**
 * The heartbeat in a thread of its own, with a connection of its own: a job that blocks the event loop for ten minutes
 * must not be taken for dead.
 */
import { Worker } from 'node:worker_threads';
import * as globals from '../globals.js';
import type { ConnectOptions } from '../redis/options.js';
import type { SchedulerData } from '../scheduler/create.js';
import type { SchedulerMessage } from '../scheduler/scheduler.js';
import type { Service } from '../service.js';
import type { HeartbeatMessage, HeartbeatOptions } from './heartbeat.js';

/** What the thread is started with. */
export interface ThreadData {
  readonly connect: ConnectOptions;
  readonly shownUri: string;
  readonly heartbeat: HeartbeatOptions;
  /** undefined: this process moves no delayed jobs. */
  readonly scheduler: SchedulerData | undefined;
  /** One cell of shared memory: {@link IMPORTING}, then CONNECTING or STOPPED, whoever is first. */
  readonly phase: Int32Array;
}

/** The thread is still loading its modules, which takes longer than many a short run: it may be ended at once. */
export const IMPORTING = 0;
/** The thread may have sent a beat: it must end by itself. */
export const CONNECTING = 1;
export const STOPPED = 2;

/** What the thread is told: the one thing there is. */
export type ThreadOrder = 'stop';

const STOP_PATIENCE_MS = 1500;

export class ThreadedHeartbeat implements Service {
  readonly name = 'heartbeat';
  #data: Omit<ThreadData, 'phase'>;
  #phase = newPhase();
  #tell: (message: HeartbeatMessage | SchedulerMessage) => void;
  #thread: Worker | undefined;
  #stopping = false;

  constructor(data: Omit<ThreadData, 'phase'>, tell: (message: HeartbeatMessage | SchedulerMessage) => void) {
    this.#data = data;
    this.#tell = tell;
  }

  async start(): Promise<void> {
    if (this.#thread !== undefined) return;
    this.#stopping = false;
    this.#phase = newPhase();
    const thread = new Worker(new URL('./thread.js', import.meta.url), {
      workerData: { ...this.#data, phase: this.#phase } satisfies ThreadData,
      // The thread needs none of the flags (loaders, profilers, inspectors) that the program was started with.
      execArgv: [],
    });
    this.#thread = thread;
    thread.on('message', this.#tell);
    thread.on('error', (error) => this.#tell({ kind: 'problem', message: String(error) }));
    thread.once('exit', () => {
      this.#thread = undefined;
      // A daemon that does not beat is taken for dead: never go on without.
      if (!this.#stopping) setTimeout(() => this.#stopping || void this.start(), 1000).unref();
    });
  }

  /** Lets a beat under way end: nothing may be written after we have left the registry. */
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
