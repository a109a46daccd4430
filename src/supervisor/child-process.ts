/** One child: its process, what it said last, and how it ended. Decides nothing. */
import type { ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import type { Counts } from '../metrics/counts.js';
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
  /** Of a monotonic clock, as all times here. Milliseconds. */
  readonly bornAt = performance.now();
  /** Resolves when the process is gone, or could not be started. */
  readonly gone: Promise<Death>;
  /** Resolves with true when it claims, with false when it was gone before that. */
  readonly ready: Promise<boolean>;
  /** Aborts when the process is gone. */
  readonly over = new AbortController();
  /** The child's last word, if it had one: without, it died. */
  ending: Ending | undefined;
  /** No job of it may take longer, in milliseconds; 0: no limit. */
  limitMs = 0;
  /** When its event loop last ran, as far as we know. */
  heardAt = performance.now();
  /** It is registered, has set up its job modules, and claims. */
  working = false;
  /** It has said that it will say more soon: as long as it says nothing, its event loop stands still. */
  pulsing = false;
  /** How many jobs ran when it said so last. */
  running = 0;
  /** The claims (their tokens) of which it has said that their jobs run: only the quarantine child does. */
  readonly begun = new Set<string>();
  /** It was told to end its jobs and be replaced. */
  retiring = false;
  /** Another works in its slot. */
  replaced = false;
  /** One of those that do the worker's work; else it has no part in whether that is ready. */
  essential = true;
  killedFor: KillCause | undefined;
  #stopping = false;
  #waiting: (() => void)[] = [];
  #tellReady!: (ready: boolean) => void;
  readonly #process: ChildProcess | undefined;
  /** Its messages bear it. A job cannot know it: it comes before any job module is loaded. */
  readonly #secret = randomBytes(16).toString('hex');

  /** @param fork starts a process, or gives one that has not been told anything yet */
  constructor(fork: () => ChildProcess, events: ChildEvents) {
    this.ready = new Promise((resolve) => {
      this.#tellReady = resolve;
    });
    try {
      this.#process = fork();
    } catch (error) {
      // For want of memory Node throws; for want of processes or descriptors it tells by an event.
      this.gone = Promise.resolve(this.#end({ code: null, signal: null, error: error as Error }));
      return;
    }
    this.#process.on('message', (message) => this.#hear(message, events));
    this.gone = this.#watch(this.#process);
  }

  /** undefined: it could not be started. */
  get pid(): number | undefined {
    return this.#process?.pid;
  }

  send(order: Order): void {
    if (this.#process?.connected) this.#process.send(seal(this.#secret, order), () => {});
  }

  /** Once only: a second stop would be one that waits for no job. */
  stop(reason: string): void {
    if (!this.#stopping) this.send({ kind: 'stop', reason });
    this.#stopping = true;
  }

  /** Its running jobs are allowed to finish; a later stop still limits how long. */
  retire(reason: string): void {
    this.retiring = true;
    this.send({ kind: 'retire', reason });
  }

  /** Resolves when it has said how many jobs run in it, at once where it does not work yet, and after so long at most. */
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

  /** For one that blocks its event loop and cannot hear us. */
  kill(cause: KillCause): void {
    this.killedFor ??= cause;
    this.#process?.kill('SIGKILL');
  }

  #watch(child: ChildProcess): Promise<Death> {
    return new Promise((resolve) => {
      // Also told when a message does not reach a child that has just gone: the end of that one is told by 'exit'.
      child.on('error', (error) => {
        if (child.pid === undefined) resolve(this.#end({ code: null, signal: null, error }));
      });
      child.once('exit', (code, signal) => {
        if (child.pid === undefined) return;
        const death = this.#end({ code, signal });
        // What it said last may still have to be read: 'close' comes after that, unless a process of its own holds the line.
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

  /** It should have seen that by itself; whatever it says may mean something else. */
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
      case 'counts':
        // One that comes after the end is left out: Redis' own count is taken then, and has it.
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
