/** From the start of the process to its first job done, and from TERM to its end when idle; beside Node's own start. */
import { spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { reaped } from '../../support/reaper.js';
import { figure } from '../harness/numbers.js';
import { interleave } from '../harness/rounds.js';
import type { Server } from '../harness/server.js';
import { cleanEnv, Worker } from '../harness/worker.js';
import { nowMs } from '../jobs/bench.js';
import type { Column, Report } from '../report/report.js';
import { root, type System } from '../systems/system.js';
import type { Bench } from './workload.js';

const COLUMNS: readonly Column[] = [
  { key: 'startMs', title: 'first job done, ms' },
  { key: 'ratio', title: '÷ node -e 0', digits: 2 },
  { key: 'stopMs', title: 'TERM to exit, ms' },
];

interface Times {
  readonly startMs: number;
  readonly stopMs?: number;
}

/** A plain Node program, for comparison; done when it ends. */
interface Program {
  readonly name: string;
  readonly code: string;
}

const PROGRAMS: readonly Program[] = [
  { name: 'node -e 0', code: '0' },
  { name: 'node, importing @redis/client and pino', code: "await import('@redis/client'); await import('pino')" },
  { name: 'node, importing bullmq', code: "await import('bullmq')" },
];

export async function startup(bench: Bench): Promise<Report[]> {
  const all: readonly (System | Program)[] = [...PROGRAMS, ...bench.field.single];
  const { runs, failures } = await interleave(all, Math.max(bench.rounds, 3), (who): Promise<Times> => {
    bench.say(`startup: ${who.name}`);
    return 'code' in who ? runProgram(who) : startAndStop(bench.server, who);
  });
  const [bare] = runs.values();
  const rows = [...runs].map(([who, times]) => ({
    labels: { system: who.name },
    figures: {
      startMs: figure(times.map((time) => time?.startMs ?? Number.NaN)),
      ratio: figure(times.map((time, i) => (time?.startMs ?? Number.NaN) / (bare[i]?.startMs ?? Number.NaN))),
      stopMs: figure(times.map((time) => time?.stopMs ?? Number.NaN)),
    },
  }));
  const notes = failures.map(({ who, message }) => `${who}: ${message}`);
  const title = 'Start of the process to first job done, and TERM to exit when idle (concurrency 25)';
  return [{ workload: 'startup', title, labels: ['system'], columns: COLUMNS, rows, notes }];
}

async function startAndStop(server: Server, system: System): Promise<Times> {
  await server.flush();
  const producer = await system.books.open(server.socket);
  await producer.fill('bench0', { name: 'Noop', args: [1] }, 1);
  await producer.close();
  const begun = nowMs();
  const worker = new Worker(system, { socket: server.socket, tcp: server.tcp, queues: ['bench0'], concurrency: 25 });
  try {
    while ((await server.integer(system.books.done('bench0'))) === 0) {
      worker.check();
      if (nowMs() - begun > 20_000) throw new Error('no job was done in 20 s');
      await sleep(1);
    }
    const startMs = nowMs() - begun;
    // Idle by then, whatever the system does after its first job.
    await sleep(500);
    const asked = nowMs();
    await worker.end('SIGTERM');
    return { startMs, stopMs: nowMs() - asked };
  } finally {
    await worker.end('SIGKILL');
  }
}

function runProgram({ code }: Program): Promise<Times> {
  const begun = nowMs();
  const args = code === '0' ? ['-e', code] : ['--input-type=module', '-e', code];
  const child = reaped(spawn(process.execPath, args, { cwd: root, env: cleanEnv(), stdio: 'ignore' }));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (status) => {
      if (status === 0) resolve({ startMs: nowMs() - begun });
      else reject(new Error(`left with ${status}`));
    });
  });
}
