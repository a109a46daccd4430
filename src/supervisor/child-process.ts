/** One child: its process, what it said last, and how it ended. Decides nothing. */
import { type ChildProcess, fork } from 'node:child_process';
import type { Death, Order, Report } from './messages.js';

export type Ending = Extract<Report, { kind: 'ended' | 'refused' }>;

export interface ChildEvents {
  onReady(report: Extract<Report, { kind: 'ready' }>): void;
  onPulse(rssMb: number): void;
}

const LAST_WORDS_MS = 500;

export class Child {
  readonly bornAt = Date.now();
  /** Resolves when the process is gone. */
  readonly gone: Promise<Death>;
  /** Aborts when the process is gone. */
  readonly over = new AbortController();
  /** The child's last word, if it had one: without, it died. */
  ending: Ending | undefined;
  /** No job of it may take longer, in milliseconds; 0: no limit. */
  limitMs = 0;
  /** When its event loop last ran, as far as we know. Milliseconds since the epoch. */
  heardAt = Date.now();
  /** The claims of suspects that it runs. */
  readonly suspects = new Set<string>();
  /** It was told to end its jobs and be replaced. */
  retiring = false;
  readonly #process: ChildProcess;

  constructor(file: URL, events: ChildEvents) {
    // Structured clones instead of JSON: flags of job modules may be anything.
    this.#process = fork(file, { serialization: 'advanced' });
    this.#process.on('message', (message) => this.#hear(message as Report, events));
    // A message to a child that has just gone: its end is told by 'exit'.
    this.#process.on('error', () => {});
    this.gone = new Promise((resolve) => {
      this.#process.once('exit', (code, signal) => {
        this.over.abort();
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

  /** For one that blocks its event loop and cannot hear us. */
  kill(): void {
    this.#process.kill('SIGKILL');
  }

  #hear(message: Report, events: ChildEvents): void {
    this.heardAt = Date.now();
    if (message.kind === 'ready') {
      this.limitMs = message.limitMs;
      events.onReady(message);
    } else if (message.kind === 'pulse') events.onPulse(message.rssMb);
    else if (message.kind !== 'suspect') this.ending = message;
    else if (message.running) this.suspects.add(message.token);
    else this.suspects.delete(message.token);
  }
}
