/** Entry point of a child process: receives orders, runs the worker, reports how it ended. Forked by the supervisor. */
import { clearInterval, setInterval } from 'node:timers';
import type { Logger } from 'pino';
import { TsworkerError } from '../errors.js';
import * as globals from '../globals.js';
import { heartbeatWording } from '../log/log-subscriber.js';
import { createLog } from '../log/pino.js';
import { Heartbeat } from '../registry/heartbeat/heartbeat.js';
import { heartbeatOptions } from '../registry/heartbeat-options.js';
import { SupervisedMembership } from '../registry/membership/membership.js';
import { openOrder, refuseVersion, seal } from '../supervisor/envelope.js';
import type { Order, Report } from '../supervisor/messages.js';
import { VERSION } from '../version.js';
import type { WorkerActions } from '../worker/types.js';
import { ChildOrders, StoppedEarly } from './child-orders.js';
import { Pulse } from './pulse.js';
import { runWorkerProcess } from './worker-process.js';

type Start = Extract<Order, { kind: 'start' }>;

const COUNTS_MS = 1000;

/** Comes with the start order. */
let secret = '';

function tell(report: Report): Promise<void> {
  return new globals.Promise((resolve) => {
    if (process.connected && process.send !== undefined) process.send(seal(secret, report), () => resolve());
    else resolve();
  });
}

async function run(
  { settings, flags, configFile, quarantine }: Start,
  orders: ChildOrders,
  log: Logger,
): Promise<void> {
  const membership = new SupervisedMembership(orders.registered, (connection, identity) => {
    const heartbeat = { ...heartbeatOptions(settings), identity };
    return new Heartbeat(connection, heartbeat, heartbeatWording(log));
  });
  process.once('disconnect', () => {
    log.error('the supervisor is gone: shutting down');
    membership.orphan();
    orders.orphan();
  });
  let pulse: Pulse | undefined;
  const reporting = settings.http === undefined ? undefined : await reportCounts();
  try {
    const result = await runWorkerProcess({
      settings,
      log,
      flags,
      configFile,
      warnings: [],
      ownsProcess: true,
      control: (actions) => orders.obey(counting(actions, () => pulse?.now())),
      membership,
      onReady: (facts) => {
        void tell({ kind: 'ready', ...facts });
        // The first job may block this process before the next report is due.
        reporting?.report();
        pulse = new Pulse({
          always: facts.limitMs > 0 || settings.maxRss > 0,
          running: () => orders.running,
          tell: (report) => void tell(report),
        });
      },
      onRun: () => pulse?.begin(),
      lifecycleLog: quieter(log),
      meter: reporting?.recorder,
      // Sent before the job runs: it arrives even if the first line of the job ends this process.
      quarantine: quarantine ? (token, running) => void tell({ kind: 'running', token, running }) : undefined,
    });
    reporting?.last();
    await tell({ kind: 'ended', ...result });
  } catch (error) {
    reporting?.last();
    await tell(describe(error, log));
  } finally {
    pulse?.stop();
  }
}

/** Counts for the supervisor, which serves the metrics of all children. Loaded only if it does. */
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
  // For a job that ends its process: the message may still get out. If not, the supervisor asks Redis.
  process.once('exit', report);
  const last = () => {
    clearInterval(timer);
    void lag.stop();
    report();
  };
  return { recorder, report, last };
}

/** At `stop` and `abort`, first reports how many jobs run. */
function counting(actions: WorkerActions, say: () => void): WorkerActions {
  const and = (end: (reason: string) => void) => (reason: string) => {
    say();
    end(reason);
  };
  return { ...actions, stop: and(actions.stop), abort: and(actions.abort) };
}

/** The supervisor logs when the worker starts, pauses and stops: here only errors. */
function quieter(log: Logger): Logger {
  return log.child({}, { level: 'error' });
}

function describe(error: unknown, log: Logger): Report {
  if (error instanceof StoppedEarly) return { kind: 'ended', exitCode: 0, processed: 0, failed: 0, requeued: 0 };
  if (error instanceof TsworkerError)
    return { kind: 'refused', code: error.code, message: error.message, hint: error.hint };
  log.fatal({ err: error }, 'this child process failed');
  return { kind: 'refused', code: 'STATE', message: String(error), hint: 'see the log for where it came from' };
}

// A terminal, systemd and Heroku signal every process: children ignore that and follow the supervisor's orders.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGQUIT', 'SIGUSR2', 'SIGCONT', 'SIGTTIN', 'SIGHUP'] as const)
  process.on(signal, () => {});

const orders = new ChildOrders();
// Before the start order there is nothing to shut down.
const leave = () => process.exit(1);
process.once('disconnect', leave);
process.on('message', async (message: unknown) => {
  const opened = openOrder(message, secret || undefined);
  if (opened === undefined) return;
  if ('otherVersion' in opened) return await refuse(opened.otherVersion, opened.secret);
  const order = opened.body;
  if (order.kind === 'cancel') void tell({ kind: 'heard', id: order.id });
  if (order.kind !== 'start') return orders.hear(order);
  secret = opened.secret;
  process.off('disconnect', leave);
  if (!process.connected) process.exit(1);
  await run(order, orders, createLog(order.settings));
  // Handles that the job modules left open must not keep the process alive.
  process.exit();
});

/** The package was upgraded in place while the supervisor kept running. */
async function refuse(supervisor: string, itsSecret: string): Promise<void> {
  secret = itsSecret;
  await tell(refuseVersion(supervisor, VERSION));
  process.exit();
}
