/** `tsworker workers`: selects the sub-command; lists by process or by slot. */

import { counted } from '../../../format.js';
import { Processes } from '../../../inspect/processes.js';
import { readDetails, type WorkerDetails, type WorkerSeen, walkWorkers } from '../../../inspect/workers.js';
import { serverTimeMs } from '../../../registry/clock.js';
import { readProcessStates } from '../../../registry/processes/process-state.js';
import { EXIT } from '../../command.js';
import { printLine } from '../../io.js';
import { printLines } from '../../json.js';
import { placeOf, type Session, withRedis } from '../../session.js';
import { processTable } from './by-process.js';
import { slotTable } from './by-slot.js';
import { type WorkersCall, workerEntry } from './format.js';
import { cancel, order } from './orders.js';
import { prune } from './prune.js';
import { show } from './show.js';

export async function workers(call: WorkersCall): Promise<number> {
  const run = RUNS[call.verb as keyof typeof RUNS];
  return await withRedis(call, (session) => run(call, session));
}

const RUNS = { list, show, cancel, quiet: order, resume: order, stop: order, prune };

async function list(call: WorkersCall, session: Session): Promise<number> {
  const { flags } = call;
  const nowMs = await serverTimeMs(session.connection);
  const wanted = wantedWorkers(session, flags.state, nowMs);
  if (flags.json) return await printAll(call, wanted);
  const bySlot = flags.slots || flags.state !== undefined;
  return await (bySlot ? listSlots : listProcesses)(call, session, wanted, nowMs);
}

type Wanted = AsyncIterable<readonly (readonly [WorkerSeen, WorkerDetails])[]>;

async function* wantedWorkers(
  { connection, keys, settings }: Session,
  wanted: WorkersCall['flags']['state'],
  nowMs: number,
): Wanted {
  for await (const batch of walkWorkers(connection, keys, { nowMs, pruneAfterMs: settings.pruneAfter * 1000 })) {
    const some = batch.filter(({ state }) => wanted === undefined || state === wanted);
    const ids = some.map(({ id }) => id);
    const details = await readDetails(connection, keys, ids);
    yield some.map((worker, i) => [worker, details[i]] as const);
  }
}

async function printAll({ io }: WorkersCall, wanted: Wanted): Promise<number> {
  for await (const some of wanted) {
    const lines = some.map(([worker, details]) => workerEntry(worker, details));
    if (!(await printLines(io, lines))) break;
  }
  return EXIT.fine;
}

async function listSlots({ io, flags }: WorkersCall, session: Session, wanted: Wanted, now: number): Promise<number> {
  const rows: (readonly [WorkerSeen, WorkerDetails])[] = [];
  for await (const some of wanted) rows.push(...some);
  const which = flags.state === undefined ? '' : `${flags.state} `;
  if (rows.length === 0) printLine(io, `there is no ${which}worker in ${placeOf(session)}`);
  else await io.print(`${slotTable(rows, now, io)}\n${counted(rows.length, `${which}worker`)}\n`);
  return EXIT.fine;
}

async function listProcesses({ io }: WorkersCall, session: Session, wanted: Wanted, now: number): Promise<number> {
  const processes = new Processes(await readProcessStates(session.connection, session.keys));
  let workers = 0;
  for await (const some of wanted) {
    workers += some.length;
    for (const [worker, details] of some) processes.add(worker, details);
  }
  const { all } = processes;
  if (workers === 0) printLine(io, `there is no worker in ${placeOf(session)}`);
  else {
    const sum = `${counted(workers, 'worker')} in ${counted(all.length, 'process', 'processes')}`;
    await io.print(`${processTable(all, now, io)}\n${sum}; -slots shows each\n`);
  }
  return EXIT.fine;
}
