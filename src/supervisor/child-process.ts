/** One child: its process, what it said last, and how it ended. Decides nothing. */
import type { ChildProcess } from 'node:child_process';
import type { Counts } from '../metrics/counts.js';
import type { Death, Order, Report } from './messages.js';

export type Ending = Extract<Report, { kind: 'ended' | 'refused' }>;

export interface ChildEvents {
  onReady(report: Extract<Report, { kind: 'ready' }>): void;
  onPulse(rssMb: number): void;
  onCounts(counts: Counts): void;
}

const LAST_WORDS_MS = 500;

export class Child {
  readonly bornAt = Date.now();
  /** Resolves when the process is gone. */
  readonly gone: Promise<Death>;
  /** Resolves with true when it claims, with false when it was gone before that. */
  readonly ready: Promise<boolean>;
  /** Aborts when the process is gone. */
  readonly over = new AbortController();
  /** The child's last word, if it had one: without, it died. */
  ending: Ending | undefined;
  /** No job of it may take longer, in milliseconds; 0: no limit. */
  limitMs = 0;
  /** When its event loop last ran, as far as we know. Milliseconds since the epoch. */
  heardAt = Date.now();
  /** It is registered, has set up its job modules, and claims. */
  working = false;
  /** The claims (their tokens) of which it has said that their jobs run: only the quarantine child does. */
  readonly begun = new Set<string>();
  /** It was told to end its jobs and be replaced. */
  retiring = false;
  #stopping = false;
  #tellReady!: (ready: boolean) => void;
  readonly #process: ChildProcess;

  /** @param process that has not been told anything yet */
  constructor(process: ChildProcess, events: ChildEvents) {
    this.#process = process;
    this.#process.on('message', (message) => this.#hear(message as Report, events));
    // A message to a child that has just gone: its end is told by 'exit'.
    this.#process.on('error', () => {});
    this.ready = new Promise((resolve) => {
      this.#tellReady = resolve;
    });
    this.gone = new Promise((resolve) => {
      this.#process.once('exit', (code, signal) => {
        this.over.abort();
        this.#tellReady(false);
        // What it said last may still have to be read: 'close' comes after that, unless a process of its own holds the line.
        const end = () => resolve({ code, signal });
        const timer = setTimeout(end, LAST_WORDS_MS);
        this.#process.once('close', () => {
          clearTimeout(timer);
          end();
        });
      });
    });
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  send(order: Order): void {
    if (this.#process.connected) this.#process.send(order, () => {});
  }

  /** Once only: a second stop would be one that waits for no job. */
  stop(reason: string): void {
    if (!this.#stopping) this.send({ kind: 'stop', reason });
    this.#stopping = true;
  }

  /** It ends its jobs in peace; a later stop still limits how long. */
  retire(reason: string): void {
    this.retiring = true;
    this.send({ kind: 'retire', reason });
  }

  /** For one that blocks its event loop and cannot hear us. */
  kill(): void {
    this.#process.kill('SIGKILL');
  }

  #hear(message: Report, events: ChildEvents): void {
    this.heardAt = Date.now();
    if (message.kind === 'ready') {
      this.working = true;
      this.limitMs = message.limitMs;
      this.#tellReady(true);
      events.onReady(message);
    } else if (message.kind === 'pulse') events.onPulse(message.rssMb);
    else if (message.kind === 'counts') {
      // One that comes after the end is left out: Redis' own count is taken then, and has it.
      if (!this.over.signal.aborted) events.onCounts(message.counts);
    } else if (message.kind !== 'running') this.ending = message;
    else if (message.running) this.begun.add(message.token);
    else this.begun.delete(message.token);
  }
}
