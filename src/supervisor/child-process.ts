/** One child: its process, its last reports, and how it ended. Makes no decisions. */
import type { ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import type { Counts } from '../metrics/counts.js';
import type { CancelOrder } from '../registry/control.js';
import { VERSION } from '../version.js';
import { openReport, refuseVersion, seal } from './envelope.js';
import type { Death, Order, Report } from './messages.js';

export type Ending = Extract<Report, { kind: 'ended' | 'refused' }>;
/** Why we killed it; see {@link DeathFacts}. */
export type KillCause = 'blocked' | 'killed';

export interface ChildEvents {
  onReady(child: Child, report: Extract<Report, { kind: 'ready' }>): void;
  onPulse(child: Child, pulse: Extract<Report, { kind: 'pulse' }>): void;
  onCounts(child: Child, counts: Counts): void;
}

const LAST_WORDS_MS = 500;

export class Child {
  /** Milliseconds of the monotonic clock, like all times here. */
  readonly bornAt = performance.now();
  /** Resolves when the process is gone, or could not be started. */
  readonly gone: Promise<Death>;
  /** Resolves with true when the child claims jobs, with false when it was gone before that. */
  readonly ready: Promise<boolean>;
  /** Aborts when the process is gone. */
  readonly over = new AbortController();
  /** The child's last report; undefined after its end: it died. */
  ending: Ending | undefined;
  /** The longest time limit of its jobs, in milliseconds; 0: at least one has no limit. */
  limitMs = 0;
  /** When its last report arrived: its event loop ran then. */
  heardAt = performance.now();
  /** It is registered, has set up its job modules, and claims jobs. */
  working = false;
  /** It has announced further pulses: while none arrives, its event loop is blocked. */
  pulsing = false;
  /** How many jobs ran at its last pulse. */
  running = 0;
  /** The claim tokens of the jobs that it reported as running. Only the quarantine child reports them. */
  readonly begun = new Set<string>();
  /** It was ordered to finish its jobs and exit, since it is to be replaced. */
  retiring = false;
  /** Another child works in its slot. */
  replaced = false;
  /** false: it does not count for whether the worker is ready (the quarantine child). */
  essential = true;
  killedFor: KillCause | undefined;
  #stopping = false;
  #waiting: (() => void)[] = [];
  /** By the id of an order to cancel a job: called when the child has heard of it. */
  readonly #unheard = new Map<string, () => void>();
  #tellReady!: (ready: boolean) => void;
  readonly #process: ChildProcess | undefined;
  /** Part of every message of the child. Jobs do not know it: the child gets it before it loads any job module. */
  readonly #secret = randomBytes(16).toString('hex');

  /** @param fork starts a process, or returns one that was started early and has no orders yet */
  constructor(fork: () => ChildProcess, events: ChildEvents) {
    this.ready = new Promise((resolve) => {
      this.#tellReady = resolve;
    });
    try {
      this.#process = fork();
    } catch (error) {
      // Without memory Node throws; without processes or descriptors it emits 'error'.
      this.gone = Promise.resolve(this.#end({ code: null, signal: null, error: error as Error }));
      return;
    }
    this.#process.on('message', (message) => this.#hear(message, events));
    this.gone = this.#watch(this.#process);
  }

  /** undefined: the process could not be started. */
  get pid(): number | undefined {
    return this.#process?.pid;
  }

  send(order: Order): void {
    if (this.#process?.connected) this.#process.send(seal(this.#secret, order), () => {});
  }

  /** Sends the order once: a second stop would make the child stop without waiting for its jobs. */
  stop(reason: string): void {
    if (!this.#stopping) this.send({ kind: 'stop', reason });
    this.#stopping = true;
  }

  /** Its running jobs are allowed to finish; a later stop still limits their time. */
  retire(reason: string): void {
    this.retiring = true;
    this.send({ kind: 'retire', reason });
  }

  /** Resolves at the next pulse, or after `withinMs`; at once if the child does not work yet. */
  async nextPulse(withinMs: number): Promise<void> {
    if (!this.working || this.over.signal.aborted) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, withinMs);
      const heard = () => {
        clearTimeout(timer);
        resolve();
      };
      this.over.signal.addEventListener('abort', heard, { once: true });
      this.#waiting.push(heard);
    });
  }

  /** For a child whose event loop is blocked, so that it receives no orders. */
  kill(cause: KillCause): void {
    this.killedFor ??= cause;
    this.#process?.kill('SIGKILL');
  }

  /** Hands over an order to cancel a job. @returns blocked: the child has not said within `withinMs` that it has it */
  async cancel(order: CancelOrder, withinMs: number): Promise<'heard' | 'gone' | 'blocked'> {
    const { signal } = this.over;
    return await new Promise((resolve) => {
      const end = (how: 'heard' | 'gone' | 'blocked') => {
        clearTimeout(timer);
        this.#unheard.delete(order.id);
        resolve(how);
      };
      const timer = setTimeout(() => end('blocked'), withinMs);
      signal.addEventListener('abort', () => end('gone'), { once: true });
      this.#unheard.set(order.id, () => end('heard'));
      this.send(order);
    });
  }

  #watch(child: ChildProcess): Promise<Death> {
    return new Promise((resolve) => {
      // Also emitted when a message does not reach a child that has just exited: 'exit' follows then.
      child.on('error', (error) => {
        if (child.pid === undefined) resolve(this.#end({ code: null, signal: null, error }));
      });
      child.once('exit', (code, signal) => {
        if (child.pid === undefined) return;
        const death = this.#end({ code, signal });
        // Its last report may still be unread: 'close' comes after it, unless a grandchild keeps the channel open.
        const timer = setTimeout(() => resolve(death), LAST_WORDS_MS);
        child.once('close', () => {
          clearTimeout(timer);
          resolve(death);
        });
      });
    });
  }

  #end(death: Death): Death {
    this.over.abort();
    this.#tellReady(false);
    return death;
  }

  #hear(message: unknown, events: ChildEvents): void {
    const opened = openReport(message, this.#secret);
    if (opened === undefined) return;
    if ('otherVersion' in opened) this.#refuse(opened.otherVersion);
    else this.#take(opened.body, events);
  }

  /** Its messages may mean something else. It should have noticed the other version itself. */
  #refuse(version: string): void {
    this.ending ??= refuseVersion(VERSION, version);
    this.kill('killed');
  }

  #take(report: Report, events: ChildEvents): void {
    this.heardAt = performance.now();
    switch (report.kind) {
      case 'ready':
        this.working = true;
        this.limitMs = report.limitMs;
        this.#tellReady(true);
        events.onReady(this, report);
        break;
      case 'pulse':
        this.pulsing = report.more;
        this.running = report.running;
        for (const heard of this.#waiting.splice(0)) heard();
        events.onPulse(this, report);
        break;
      case 'heard':
        this.#unheard.get(report.id)?.();
        break;
      case 'counts':
        // Ignored after the exit: the count is taken from Redis then, which includes it.
        if (!this.over.signal.aborted) events.onCounts(this, report.counts);
        break;
      case 'running':
        if (report.running) this.begun.add(report.token);
        else this.begun.delete(report.token);
        break;
      default:
        this.ending = report;
    }
  }
}
