/**
 * Assembles a running worker from settings and job modules, and owns the order of its start and its end. What belongs
 * to the process (signals, HTTP, a supervisor) is passed in.
 */
import { maskUri } from '../config/uri.js';
import type { Engine, EngineResult } from '../engine/engine.js';
import * as globals from '../globals.js';
import { countLater, type LaterJobs } from '../inspect/later.js';
import type { Surroundings } from '../job-modules/context.js';
import { longestLimit } from '../job-modules/deadline.js';
import { runSetup, runTeardown } from '../job-modules/hooks.js';
import { createJudge } from '../job-modules/judge.js';
import type { JobModules } from '../job-modules/load.js';
import { OutcomeHooks } from '../job-modules/outcome-hooks.js';
import { createPerform } from '../job-modules/perform.js';
import { retryPolicy } from '../job-modules/retry-policy.js';
import { readSchedule } from '../job-modules/schedule.js';
import { connectWording, dumpRuns, pausedText, startLine } from '../log/log-subscriber.js';
import { stopLine } from '../log/stop-line.js';
import type { PublishedSet } from '../recurring/set-text.js';
import { deadline } from '../redis/abortable.js';
import { connect } from '../redis/connect.js';
import type { Connection, OpenedConnection } from '../redis/connection.js';
import { workerConnectOptions } from '../redis/options.js';
import { serverTimeMs } from '../registry/clock.js';
import type { CancelOrder, ControlAnswer, ControlOrder } from '../registry/control.js';
import { ORDERED_BY, writeAnswer } from '../registry/control.js';
import { type Identity, workerId } from '../registry/identity.js';
import type { Membership } from '../registry/membership/membership.js';
import { createKeys } from '../resque/keys.js';
import { asError } from '../thrown.js';
import { type JobWatch, watchJobs } from '../tracing/watch.js';
import { Cancellations } from './cancellations.js';
import { createEngine } from './create-engine.js';
import { inTime } from './in-time.js';
import { createOwnMembership } from './own-membership.js';
import { publish } from './publish-schedule.js';
import { Shutdown } from './shutdown.js';
import type { WorkerActions, WorkerOptions, WorkResult } from './types.js';
import { catchUncaughtErrors, type UncaughtErrors } from './uncaught-errors.js';

/** How long to wait at shutdown until finished jobs are reported. The exit follows at most 10 s after the last job. */
const DELIVERY_MS = 6000;
/** How long to wait for an answer of Redis when only the unregistering is left. */
const LEAVE_SILENCE_MS = 3000;
/** The same for a stop before the worker is registered. */
const START_SILENCE_MS = 2000;

/**
 * Runs a worker until it has stopped.
 * @throws TsworkerError REDIS, JOBS, or what `load` and `setup` throw; nothing stays registered then
 */
export async function runWorker(options: WorkerOptions): Promise<WorkResult> {
  const shutdown = new Shutdown({
    log: options.lifecycleLog ?? options.log,
    jobLog: options.log,
    graceMs: options.settings.grace * 1000,
    deliveryMs: DELIVERY_MS,
    begun: options.begun,
  });
  const worker = new Worker(options, shutdown);
  const onAbort = () => shutdown.request('the signal in the settings');
  options.signal?.addEventListener('abort', onAbort);
  // Before anything slow: a stop during the start must be handled.
  const release = options.control?.(worker.actions()) ?? (() => {});
  try {
    if (options.signal?.aborted) onAbort();
    return await worker.run();
  } finally {
    shutdown.done();
    release();
    options.signal?.removeEventListener('abort', onAbort);
  }
}

const NOTHING_DONE: EngineResult = { requeued: 0, undelivered: 0 };
/** How long `teardown` may take although nothing else is waited for. */
const TEARDOWN_MS = 1000;

/** How long the hooks that are told of the last jobs may take. */
const HOOKS_MS = 5000;

interface FaultParts {
  readonly watcher: JobWatch;
  readonly connection: Connection;
  readonly outcomeHooks: OutcomeHooks | undefined;
}

class Worker {
  readonly #options: WorkerOptions;
  readonly #shutdown: Shutdown;
  readonly #counts = { processed: 0, failed: 0 };
  #membership: Membership | undefined;
  #identity: Identity | undefined;
  #releaseHandlers: () => void = () => {};
  #engine: Engine | undefined;
  #cancellations: Cancellations | undefined;
  #connection: Connection | undefined;
  #fault: Error | undefined;
  /** May be set before there is an engine. */
  #suspended = false;

  constructor(options: WorkerOptions, shutdown: Shutdown) {
    this.#options = options;
    this.#shutdown = shutdown;
  }

  actions(): WorkerActions {
    const { log, lifecycleLog: lifecycle = log } = this.#options;
    return {
      stop: (reason) => this.#shutdown.request(reason),
      retire: (reason) => this.#shutdown.retire(reason),
      abort: (reason) => this.#shutdown.abort(reason),
      fault: (error) => {
        this.#fault = error;
      },
      setProcesses: (count) => this.#engine?.setProcesses(count),
      running: () => this.#engine?.busy ?? 0,
      cancel: (order) => this.#cancel(order),
      pause: (by) => {
        lifecycle.info(pausedText(by));
        this.#suspend(true);
      },
      resume: (by) => {
        if (this.#suspended) lifecycle.info(`resumed by ${by}`);
        this.#suspend(false);
      },
      report: () => dumpRuns(log, this.#engine?.running() ?? [], this.#workerId),
    };
  }

  /** An order that came to this process itself: without a supervisor. */
  #take(order: ControlOrder): void {
    if (order.kind === 'cancel') {
      this.#cancel(order);
      return;
    }
    const actions = this.actions();
    if (order.kind === 'quiet') actions.pause(ORDERED_BY.quiet);
    else if (order.kind === 'resume') actions.resume(ORDERED_BY.resume);
    else this.#shutdown.requestOnce(ORDERED_BY.stop);
    void this.#answer(order.id, { result: 'accepted' }).catch(() => {});
  }

  #cancel(order: CancelOrder): void {
    if (this.#cancellations !== undefined) this.#cancellations.cancel(order);
    else void this.#answer(order.id, { result: 'gone' }).catch(() => {});
  }

  async #answer(id: string, answer: ControlAnswer): Promise<void> {
    const { namespace } = this.#options.settings;
    if (this.#connection !== undefined) await writeAnswer(this.#connection, createKeys(namespace), id, answer);
  }

  #suspend(suspended: boolean): void {
    this.#suspended = suspended;
    this.#engine?.suspend(suspended);
    this.#options.onPause?.(suspended);
    this.#showState();
  }

  /** Writes the state to the registry. The supervisor does it for a child. */
  #showState(): void {
    this.#membership?.show?.({ paused: this.#suspended, draining: this.#options.begun.signal.aborted });
  }

  async run(): Promise<WorkResult> {
    const { log } = this.#options;
    const [modules, connection] = await this.#prepare();
    this.#connection = connection;
    try {
      for (const warning of modules.warnings) log.warn(warning);
      const schedule = await this.#readSchedule(modules);
      const ended = await this.#workRegistered(modules, connection, schedule);
      return this.#result(ended);
    } finally {
      const later = await this.#countLater(connection);
      await connection.close();
      // No stop is logged for a worker that never started.
      if (this.#engine !== undefined) stopLine(this.#options.lifecycleLog ?? log, this.#counts, later);
    }
  }

  /** What -exit-on-complete did not wait for. The supervisor of a child counts it. */
  async #countLater(connection: Connection): Promise<LaterJobs | undefined> {
    const { settings, lifecycleLog } = this.#options;
    if (!settings.exitOnComplete || lifecycleLog !== undefined || this.#engine === undefined) return undefined;
    return await countLater(connection, createKeys(settings.namespace));
  }

  async #workRegistered(
    modules: JobModules,
    connection: OpenedConnection,
    schedule: PublishedSet,
  ): Promise<EngineResult> {
    const membership = this.#options.membership ?? this.#registerItself();
    this.#membership = membership;
    this.#options.begun.signal.addEventListener('abort', () => this.#showState(), { once: true });
    this.#showState();
    try {
      this.#options.onConnection?.({ connection, jobsPushed: (queues) => this.#engine?.jobsPushed(queues) });
      if (!(await this.#setUp(modules))) return NOTHING_DONE;
      this.#identity = await this.#enter(membership, connection);
      await this.#publish(connection, this.#identity, schedule);
      return await this.#work(modules, connection, this.#identity);
    } finally {
      await this.#tearDown(modules);
      this.#options.onConnection?.(undefined);
      await this.#leave(membership, connection);
      // Last: until the worker has unregistered, an uncaught error of `teardown` must not end the process.
      this.#releaseHandlers();
    }
  }

  /** @throws TsworkerError for an entry that cannot be, with its place */
  async #readSchedule({ functions }: JobModules): Promise<PublishedSet> {
    const { settings, log } = this.#options;
    const warn = (text: string) => log.warn(text);
    const { schedule: source, dynamicSchedule: dynamic } = settings;
    return await readSchedule({ source, functions, dynamic, env: process.env, warn });
  }

  async #publish(connection: Connection, identity: Identity, set: PublishedSet): Promise<void> {
    const { settings, log, begun, quarantine } = this.#options;
    // The quarantine child runs the job modules of the others.
    if (quarantine !== undefined) return;
    const keys = createKeys(settings.namespace);
    const startedMs = identity.startedMs ?? (await serverTimeMs(connection));
    await publish({ connection, keys, log, set, signal: begun.signal, app: settings.app, startedMs });
  }

  /** Registers. A stop meanwhile only shortens how long Redis is waited for. */
  async #enter(membership: Membership, connection: OpenedConnection): Promise<Identity> {
    const { signal } = this.#options.begun;
    const hurry = () => connection.limitSilence(START_SILENCE_MS);
    signal.addEventListener('abort', hurry);
    if (signal.aborted) hurry();
    try {
      return await membership.enter(connection);
    } finally {
      signal.removeEventListener('abort', hurry);
    }
  }

  /** Loads the job modules and connects, in parallel. The first error is thrown, and the connection closed. */
  async #prepare(): Promise<[JobModules, OpenedConnection]> {
    const connecting = this.#connect();
    try {
      return await globals.Promise.all([this.#options.load(), connecting]);
    } catch (error) {
      connecting.then((connection) => connection.close()).catch(() => {});
      throw error;
    }
  }

  #connect(): Promise<OpenedConnection> {
    const { settings, log, begun } = this.#options;
    const events = {
      onReady: () => {
        this.#options.meter?.reconnected();
        this.#engine?.reconnected();
        this.#membership?.look?.();
      },
      onInvalidate: (key: string | null) => {
        this.#engine?.changed(key);
        this.#membership?.look?.();
      },
    };
    if (this.#options.connect !== undefined) return this.#options.connect(events);
    const shownUri = maskUri(settings.uri);
    // The supervisor of a child waits for Redis too, and logs it.
    const wording = this.#options.membership === undefined ? connectWording(log, shownUri) : {};
    const hooks = { ...events, watch: true, ...wording };
    return connect(workerConnectOptions(settings, 'engine'), shownUri, hooks, begun.signal);
  }

  #wantedIdentity(): Identity {
    const { namespace, label, concurrency, queues } = this.#options.settings;
    const names = queues.queues.map((queue) => queue.name).join(',');
    return { namespace, label, pid: process.pid, queues: names, concurrency };
  }

  #workerId = (slot: number): string => workerId(this.#identity ?? this.#wantedIdentity(), slot);

  #registerItself(): Membership {
    const wanted = this.#wantedIdentity();
    return createOwnMembership(this.#options, wanted, {
      setProcesses: (count) => this.#engine?.setProcesses(count),
      jobsPushed: (queues) => this.#engine?.jobsPushed(queues),
      onOrder: (order) => this.#take(order),
    });
  }

  /** @returns false if the worker was stopped and `setup` did not finish */
  async #setUp(modules: JobModules): Promise<boolean> {
    const { settings, log, flags, begun } = this.#options;
    const context = { flags, log, signal: begun.signal, concurrency: settings.concurrency };
    const done = await inTime(runSetup(modules, context), this.#shutdown.over);
    if (!done) log.warn('setup did not finish in time after the stop: exiting without it');
    return done;
  }

  async #tearDown(modules: JobModules): Promise<void> {
    const { over } = this.#shutdown;
    try {
      if (await inTime(runTeardown(modules), over, TEARDOWN_MS)) return;
      throw new Error('it did not finish in time');
    } catch (error) {
      this.#options.log.error({ err: error }, 'teardown failed');
      this.#fault = asError(error);
    }
  }

  async #work(modules: JobModules, connection: Connection, identity: Identity): Promise<EngineResult> {
    const { log, settings } = this.#options;
    // Not earlier: the job modules, or their setup, may install a tracer.
    const watch = await watchJobs(this.#workerId, (reason) => log.warn(reason));
    const outcomeHooks = OutcomeHooks.of(modules.functions, this.#surroundings());
    const faults = this.#faults(modules, { watcher: watch, connection, outcomeHooks });
    this.#releaseHandlers = faults.release;
    const retry = retryPolicy(settings.retry, '-retry');
    const engine = createEngine(this.#options, {
      connection,
      identity,
      perform: faults.perform,
      judge: createJudge({ functions: modules.functions, retry, workerId: this.#workerId, log }),
      watch,
      outcomeHooks,
      classes: modules.functions.classes,
      counts: this.#counts,
      listen: (events) => {
        this.#cancellations = new Cancellations(
          {
            find: (slot, token) => this.#engine?.find(slot, token),
            within: faults.within,
            answer: (id, answer) => this.#answer(id, answer),
            log,
          },
          events,
        );
      },
    });
    this.#engine = engine;
    if (this.#suspended) engine.suspend(true);
    this.#announce(modules, connection);
    this.#shutdown.attach(engine);
    await engine.start();
    const ended = await engine.ended;
    this.#shutdown.delivered();
    if (outcomeHooks !== undefined) await this.#awaitHooks(outcomeHooks);
    return ended;
  }

  /** What the hooks of the last jobs still do. */
  async #awaitHooks(hooks: OutcomeHooks): Promise<void> {
    const over = AbortSignal.any([this.#shutdown.over, deadline(HOOKS_MS)]);
    if (await inTime(hooks.ended(), over)) return;
    this.#options.log.warn('hooks of the last jobs did not finish in time: exiting without them');
  }

  #surroundings(): Surroundings {
    const { log, flags, settings } = this.#options;
    return { workerId: this.#workerId, log, flags, attempts: Math.max(1, settings.retry) };
  }

  #faults({ functions, decoder }: JobModules, { watcher, connection, outcomeHooks }: FaultParts): UncaughtErrors {
    const { settings, log, catchUncaught: caught } = this.#options;
    const { useNumber, timeout } = settings;
    const options = { functions, decoder, useNumber, timeoutMs: timeout * 1000, watcher, outcomeHooks };
    const clock = () => serverTimeMs(connection);
    const deleteKeys = (names: readonly string[]) =>
      connection.send(['DEL', ...names.map((name) => settings.namespace + name)]);
    const perform = createPerform({ ...this.#surroundings(), ...options, serverTimeMs: clock, deleteKeys });
    if (!caught) return { perform, within: (_run, action) => action(), release: () => {} };
    return catchUncaughtErrors(perform, {
      onLate: (run, error) =>
        log.error(
          { queue: run.claim.queue, class: run.class, err: error },
          'late error: thrown by a job that had already ended',
        ),
      onFault: (error) => {
        log.fatal({ err: error }, 'uncaught error outside of any job: shutting down');
        this.#fault = error;
        this.#shutdown.requestOnce('an uncaught error');
      },
      onExit: () => {
        const held = this.#engine?.running().map((run) => ({ queue: run.claim.queue, class: run.class })) ?? [];
        log.fatal({ held }, 'process.exit was called: these running jobs are interrupted and will be recovered');
      },
    });
  }

  #announce(modules: JobModules, connection: Connection): void {
    const { settings, log, onReady, connect: ownConnect } = this.#options;
    const redis = ownConnect === undefined ? maskUri(settings.uri) : 'the client in the settings';
    const limitMs = longestLimit(modules.functions.all, settings.timeout * 1000);
    const facts = { classes: modules.functions.classes, tracking: connection.tracking, limitMs };
    if (onReady === undefined) startLine(log, settings, { ...facts, redis });
    else onReady(facts);
  }

  async #leave(membership: Membership, connection: Connection): Promise<void> {
    const { log } = this.#options;
    connection.limitSilence(LEAVE_SILENCE_MS);
    try {
      const kept = await membership.leave(connection);
      if (kept > 0)
        log.error({ kept }, 'workers whose job could not be reported stay registered until they are pruned');
    } catch (error) {
      log.error(
        { err: error },
        'could not unregister: the workers of this process stay registered until they are pruned',
      );
      this.#fault = asError(error);
    }
  }

  #result({ requeued, undelivered }: EngineResult): WorkResult {
    const clean = requeued === 0 && undelivered === 0 && this.#fault === undefined;
    return { exitCode: clean ? 0 : 1, ...this.#counts, requeued };
  }
}
