/** A child's entry: hears its orders, runs the daemon in the work role, says how it ended. Started by the supervisor only. */
import type { Logger } from 'pino';
import { TsworkerError } from '../errors.js';
import { workWith } from '../library/library.js';
import { heartbeatWording } from '../log/log-subscriber.js';
import { createLog } from '../log/pino.js';
import { Heartbeat } from '../registry/heartbeat.js';
import type { Identity } from '../registry/identity.js';
import { SupervisedMembership } from '../registry/membership.js';
import type { Order, Report } from '../supervisor/messages.js';
import type { DaemonActions } from '../worker/types.js';
import { heartbeatOptions } from '../worker/wiring.js';

type Start = Extract<Order, { kind: 'start' }>;

const PULSE_MS = 2000;
const COUNTS_MS = 1000;

/** Orders that come before there is a worker to obey them are kept for it. */
class Orders {
  readonly registered: Promise<Identity>;
  #register!: (identity: Identity) => void;
  #refuse!: (error: Error) => void;
  #actions: DaemonActions | undefined;
  #early: Order[] = [];

  constructor() {
    this.registered = new Promise((resolve, reject) => {
      this.#register = resolve;
      this.#refuse = reject;
    });
    this.registered.catch(() => {});
  }

  obey(actions: DaemonActions): () => void {
    this.#actions = actions;
    for (const order of this.#early.splice(0)) this.hear(order);
    return () => {
      this.#actions = undefined;
    };
  }

  hear(order: Order): void {
    if (order.kind === 'registered') {
      this.#register(order.identity);
      return;
    }
    // A child that is not registered yet would wait for that in vain; one that is does not hear this.
    if (order.kind === 'stop' || order.kind === 'retire')
      this.#refuse(new StoppedEarly('stopped before it was registered'));
    const actions = this.#actions;
    if (actions === undefined) this.#early.push(order);
    else if (order.kind === 'stop' || order.kind === 'retire') actions[order.kind](order.reason);
    else if (order.kind === 'abort') actions.abort(order.reason);
    else if (order.kind === 'processes') actions.setProcesses(order.count);
    else if (order.kind !== 'start') actions[order.kind]();
  }

  /** The supervisor is gone: end in order, by ourselves. */
  orphan(): void {
    this.#actions?.fault(new Error('the supervisor is gone'));
    this.hear({ kind: 'stop', reason: 'the supervisor is gone' });
  }
}

class StoppedEarly extends Error {}

function tell(report: Report): Promise<void> {
  return new Promise((resolve) => {
    if (process.connected && process.send !== undefined) process.send(report, () => resolve());
    else resolve();
  });
}

async function run({ settings, flags, quarantine }: Start, orders: Orders, log: Logger): Promise<void> {
  const membership = new SupervisedMembership(orders.registered, (connection, identity) => {
    const heartbeat = { ...heartbeatOptions(settings), identity };
    return new Heartbeat(connection, heartbeat, heartbeatWording(log));
  });
  process.once('disconnect', () => {
    log.error('the supervisor is gone: ending in order');
    membership.orphan();
    orders.orphan();
  });
  let pulse: NodeJS.Timeout | undefined;
  const reporting = settings.http === undefined ? undefined : await reportCounts();
  try {
    const result = await workWith({
      settings,
      log,
      flags,
      warnings: [],
      ownsProcess: true,
      control: (actions) => orders.obey(actions),
      membership,
      onReady: (facts) => {
        void tell({ kind: 'ready', ...facts });
        // Its first job may block it before the second is over.
        reporting?.report();
        // An idle worker costs nothing: pulses only where the supervisor acts upon them.
        if (facts.limitMs > 0 || settings.maxRss > 0)
          pulse = setInterval(() => void tell({ kind: 'pulse', rssMb: rssMb() }), PULSE_MS);
      },
      lifecycleLog: quieter(log),
      meter: reporting?.recorder,
      // Written at once: it is heard although the job may end this process in its first line.
      quarantine: quarantine ? (token, running) => void tell({ kind: 'running', token, running }) : undefined,
    });
    reporting?.last();
    await tell({ kind: 'ended', ...result });
  } catch (error) {
    reporting?.last();
    await tell(describe(error, log));
  } finally {
    clearInterval(pulse);
  }
}

/** Counts for the supervisor, which serves for all of us. Loaded only where it does. */
async function reportCounts() {
  const [{ Recorder }, { LagSampler }] = await Promise.all([
    import('../metrics/record.js'),
    import('../metrics/lag.js'),
  ]);
  const recorder = new Recorder();
  const lag = new LagSampler(recorder.lag);
  await lag.start();
  const report = () => void tell({ kind: 'counts', counts: recorder.drain() });
  const timer = setInterval(report, COUNTS_MS);
  // A job that ends its process: so near the end a message may still get out. Else the supervisor asks Redis.
  process.once('exit', report);
  const last = () => {
    clearInterval(timer);
    void lag.stop();
    report();
  };
  return { recorder, report, last };
}

/** The supervisor says when the daemon starts and stops; a child only what it alone knows. */
function quieter(log: Logger): Logger {
  return log.child({}, { level: 'warn' });
}

function rssMb(): number {
  return Math.round(process.memoryUsage.rss() / 2 ** 20);
}

function describe(error: unknown, log: Logger): Report {
  if (error instanceof StoppedEarly) return { kind: 'ended', exitCode: 0, processed: 0, failed: 0, putBack: 0 };
  if (error instanceof TsworkerError)
    return { kind: 'refused', code: error.code, message: error.message, hint: error.hint };
  log.fatal({ err: error }, 'a child could not go on');
  return { kind: 'refused', code: 'STATE', message: String(error), hint: 'see the log for where it came from' };
}

// A terminal, systemd and Heroku send their signals to every process of ours: the supervisor says what they mean.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGQUIT', 'SIGUSR2', 'SIGCONT', 'SIGTTIN', 'SIGHUP'] as const)
  process.on(signal, () => {});

const orders = new Orders();
// Before it was told anything: there is nothing to end in order.
const leave = () => process.exit(1);
process.once('disconnect', leave);
process.on('message', async (order: Order) => {
  if (order.kind !== 'start') return orders.hear(order);
  process.off('disconnect', leave);
  if (!process.connected) process.exit(1);
  await run(order, orders, await createLog(order.settings));
  // Whatever the job modules left open must not keep a child that has ended.
  process.exit();
});
