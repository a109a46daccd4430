/** Helpers for the acts: push, wait, count, and print. */
import { execFile } from 'node:child_process';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { TsworkerError } from '../../../errors.js';
import { count as number } from '../../../format.js';
import { countFailed } from '../../../inspect/failed/count.js';
import { FailedList } from '../../../inspect/failed/list.js';
import { createKeys } from '../../../resque/keys.js';
import type { Io } from '../../io.js';
import { Progress } from '../../progress.js';
import { styleOf } from '../../style.js';
import { listed } from '../../table.js';
import { cli, type DemoWorker, type LogLine, type PrivateRedis } from './processes.js';

export interface Stage {
  readonly io: Io;
  readonly redis: PrivateRedis;
  readonly worker: DemoWorker;
  /** Ctrl-C. */
  readonly over: AbortSignal;
}

const keys = createKeys('resque:');
const PATIENCE_MS = 30_000;

export class Demo {
  readonly #stage: Stage;

  constructor(stage: Stage) {
    this.#stage = stage;
  }

  /** The worker's log so far. */
  get lines(): readonly LogLine[] {
    return this.#stage.worker.lines;
  }

  title(text: string): void {
    const { io } = this.#stage;
    io.out(`\n${styleOf(io).bold(text)}\n`);
  }

  result(text: string, good = true): void {
    const { io } = this.#stage;
    io.out(`  ${styleOf(io)[good ? 'green' : 'red'](text)}\n`);
  }

  /** As Ruby's Resque pushes: the queue into the set of queues, the payloads to the end of its list. */
  async push(queue: string, name: string, argLists: readonly (readonly unknown[])[]): Promise<void> {
    const { connection } = this.#stage.redis;
    const replies = [connection.send(['SADD', keys.queues, queue])];
    for (let first = 0; first < argLists.length; first += 1000) {
      const payloads = argLists.slice(first, first + 1000).map((args) => JSON.stringify({ class: name, args }));
      replies.push(connection.send(['RPUSH', keys.queue(queue), ...payloads]));
    }
    await Promise.all(replies);
  }

  async #count(command: string, key: string): Promise<number> {
    return Number((await this.#stage.redis.connection.send([command, key])) ?? 0);
  }

  processed(): Promise<number> {
    return this.#count('GET', keys.processed);
  }

  failed(): Promise<number> {
    return this.#count('LLEN', keys.failed);
  }

  /** Waits until it is true; meanwhile shows the progress. */
  async until(what: string, done: () => boolean | Promise<boolean>, progress?: () => string): Promise<void> {
    const { io, over, worker } = this.#stage;
    const line = new Progress(io);
    const giveUpAt = performance.now() + PATIENCE_MS;
    while (!(await done())) {
      over.throwIfAborted();
      if (worker.ended !== undefined) throw new TsworkerError('STATE', worker.ended);
      if (performance.now() > giveUpAt) throw new TsworkerError('STATE', `the demo timed out waiting for ${what}`);
      if (progress !== undefined) line.show(() => `  ${progress()}`);
      await sleep(5);
    }
    line.clear();
  }

  async showFailures(): Promise<void> {
    const { io, redis } = this.#stage;
    const { groups } = await countFailed(new FailedList(redis.connection, keys));
    const columns = [{ head: 'TIMES', align: 'right' }, { head: 'CLASS' }, { head: 'WITH', give: 1 }] as const;
    const rows = groups.map((one) => [number(one.count), one.class, `${one.exception}: ${one.error}`]);
    io.out(listed(columns, rows, io).replace(/^(?=.)/gm, '  '));
  }

  /** Runs a tsworker command and prints its command line. */
  async command(args: readonly string[]): Promise<void> {
    const { io, redis } = this.#stage;
    io.out(`  ${styleOf(io).cyan(`$ tsworker ${args.join(' ')}`)}\n`);
    const { args: all, ...options } = cli(args, redis.uri);
    await promisify(execFile)(process.execPath, all, options);
  }

  /** Checks that every pushed job is in one of these places, and nothing else is. @returns whether that is true */
  async ledger(pushed: number): Promise<boolean> {
    const [processed, failed] = [await this.processed(), await this.failed()];
    const queued = (await this.#count('LLEN', keys.queue('high'))) + (await this.#count('LLEN', keys.queue('low')));
    const lost = pushed - processed - failed - queued;
    const sound = lost === 0 && queued === 0;
    this.title("The ledger, by Redis' own counts");
    this.result(`${number(pushed)} pushed = ${number(processed)} processed + ${number(failed)} failed`, sound);
    this.result(`lost ${number(lost)}${queued === 0 ? '' : `, still queued ${number(queued)}`}`, sound);
    return sound;
  }
}
