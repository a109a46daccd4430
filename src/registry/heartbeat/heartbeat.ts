/**
 * Heartbeats for all slots of a process; also counts the live processes, and starts the pruning and the sampling of the
 * history. Must run on an event loop that no job can block (see threaded.ts).
 */

import { clearTimeout, setTimeout } from 'node:timers';
import * as globals from '../../globals.js';
import type { Connection } from '../../redis/connection.js';
import type { Service } from '../../service.js';
import { serverTimeMs } from '../clock.js';
import type { HeartbeatMessage, HeartbeatOptions } from '../heartbeat-options.js';
import { noteBeat } from '../processes/outages.js';
import { countProcesses, showProcess } from '../processes/processes.js';
import { Pruner } from '../recovery/pruner.js';
import { enterAll } from '../register.js';
import { Sampler } from './sampler.js';

/** A failed beat is retried after this time, or at the next interval if that is sooner. */
const RETRY_MS = 5000;

export class Heartbeat implements Service {
  readonly name = 'heartbeat';
  readonly #connection: Connection;
  readonly #options: HeartbeatOptions;
  readonly #tell: (message: HeartbeatMessage) => void;
  readonly #pruner: Pruner;
  readonly #sampler: Sampler;
  #timer: NodeJS.Timeout | undefined;
  #running = false;
  #beating: Promise<void> | undefined;
  #problem: string | undefined;

  constructor(connection: Connection, options: HeartbeatOptions, tell: (message: HeartbeatMessage) => void) {
    this.#connection = connection;
    this.#options = options;
    this.#tell = tell;
    this.#pruner = new Pruner(connection, options, tell);
    this.#sampler = new Sampler(connection, options.identity);
  }

  async start(): Promise<void> {
    if (this.#running) return;
    this.#running = true;
    this.#pruner.start();
    await this.beat();
  }

  /** Ends after the current beat, so that nothing is written after the unregistering. */
  async stop(): Promise<void> {
    this.#running = false;
    clearTimeout(this.#timer);
    await globals.Promise.all([this.#beating, this.#pruner.stop()]);
    await this.#sampler.stop();
  }

  /** Also called after a reconnect, when Redis may have lost the registry. */
  beat(): Promise<void> {
    this.#beating ??= this.#beatAndReport().finally(() => {
      this.#beating = undefined;
    });
    return this.#beating;
  }

  async #beatAndReport(): Promise<void> {
    clearTimeout(this.#timer);
    const problem = this.#connection.ready ? await this.#tryToBeat() : undefined;
    if (problem !== undefined && problem !== this.#problem) this.#tell({ kind: 'problem', message: problem });
    this.#problem = problem;
    const { heartbeatMs } = this.#options;
    const nextMs = problem === undefined ? heartbeatMs : Math.min(heartbeatMs, RETRY_MS);
    if (this.#running) this.#timer = setTimeout(() => void this.beat(), nextMs);
  }

  /** @returns the error message, if any */
  async #tryToBeat(): Promise<string | undefined> {
    const { identity } = this.#options;
    try {
      const now = await serverTimeMs(this.#connection);
      // A failure here must not prevent the heartbeat.
      const unseen = await problemOf(showProcess(this.#connection, identity, now));
      const missing = await enterAll(this.#connection, identity, now);
      if (missing > 0) this.#tell({ kind: 'reentered', count: missing });
      const since = await noteBeat(this.#connection, identity, now, this.#options);
      const uncounted = await problemOf(this.#count(now, since));
      void this.#pruner.prune(now, since);
      this.#sampler.sample();
      return unseen ?? uncounted;
    } catch (error) {
      return String(error);
    }
  }

  async #count(now: number, acceptedSince: number): Promise<void> {
    const { identity, pruneAfterMs } = this.#options;
    // Until Redis has accepted heartbeats for pruneAfterMs, an old one does not show a death.
    const deadBefore = now - acceptedSince > pruneAfterMs ? now - pruneAfterMs : 0;
    this.#tell({ kind: 'beat', processes: await countProcesses(this.#connection, identity, deadBefore) });
  }
}

function problemOf(work: Promise<void>): Promise<string | undefined> {
  return work.then(() => undefined, String);
}
