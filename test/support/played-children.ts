/** Fake children of a supervisor: the test decides when each is ready, and when it has ended. */
import type { Child } from '../../src/supervisor/child-process.js';
import { ChildSlot } from '../../src/supervisor/child-slot.js';
import type { RestartDecision } from '../../src/supervisor/restart-policy.js';

export class PlayedChild {
  readonly pid: number;
  readonly trial: boolean;
  readonly ready: Promise<boolean>;
  readonly over: Promise<RestartDecision>;
  readonly retired: string[] = [];
  retiring = false;
  replaced = false;
  running = 0;
  becomeReady!: (ready: boolean) => void;
  #leave!: (decision: RestartDecision) => void;

  constructor(pid: number, trial: boolean) {
    this.pid = pid;
    this.trial = trial;
    this.ready = new Promise((resolve) => {
      this.becomeReady = resolve;
    });
    this.over = new Promise((resolve) => {
      this.#leave = resolve;
    });
  }

  retire(reason: string): void {
    this.retiring = true;
    this.retired.push(reason);
  }

  /** It has ended; the slot is filled again if `refill` is set. */
  leave(decision: RestartDecision = { restart: false, afterMs: 0 }): void {
    this.becomeReady(false);
    this.#leave(decision);
  }
}

export interface PlayedSlot {
  readonly slot: ChildSlot;
  /** In the order of their start. */
  readonly children: PlayedChild[];
  readonly stop: AbortController;
  readonly replacements: [number, number][];
}

let pids = 0;

/** @param more further callbacks, as in the slot's own options */
export function playSlot(
  more: { waiting?: () => void; replacing?: (old: { child: Child; over: Promise<unknown> }) => void } = {},
  stop = new AbortController(),
): PlayedSlot {
  const children: PlayedChild[] = [];
  const replacements: [number, number][] = [];
  const slot = new ChildSlot({
    begin: (trial) => {
      const child = new PlayedChild(++pids, trial);
      children.push(child);
      return { child: child as unknown as Child, over: child.over };
    },
    replacing: (old, next) => {
      replacements.push([old.child.pid as number, next.pid as number]);
      more.replacing?.(old);
    },
    waiting: () => more.waiting?.(),
    stopped: stop.signal,
  });
  return { slot, children, stop, replacements };
}
