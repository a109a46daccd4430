/**
 * The jobs of the suite. Each notes in the side Redis, which the chaos does not touch, that it has begun and that it has
 * ended, by its id: only so can the suite say what ran, whatever Redis and the daemon believe.
 */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { enqueue, type JobContext, job } from 'tsworker';

/** Ids of jobs that jobs enqueue, beyond all others. */
const CHILDREN_FROM = 1_000_000_000;
/** All slots may hold parents for a while. */
const CHILD_BEGINS_MS = 30_000;

let socket: Socket | undefined;
const waiting: ((reply: number) => void)[] = [];

/** Before the first job: what a job notes is written at once then, although its process may die in the same moment. */
export async function setup(): Promise<void> {
  socket = open(process.env.CHAOS_LEDGER ?? '');
  await once(socket, 'connect');
}

/** Adds one to the id's count and resolves with the count, when it is written; and adds to what this process has told. */
function note(what: 'begun' | 'ended', id: number): Promise<number> {
  const event = `${what === 'begun' ? '+' : '-'}${id}`;
  socket?.write(`RPUSH life:${process.pid} ${event}\r\nHINCRBY ${what} ${id} 1\r\n`);
  waiting.push(() => {});
  return new Promise((resolve) => waiting.push(resolve));
}

/** Any command to the side Redis, and its reply where that is a number. */
function ask(command: string): Promise<number> {
  socket?.write(`${command}\r\n`);
  return new Promise((resolve) => waiting.push(resolve));
}

/** Nobody waits for the reply: while it was on its way others could begin, and this job would not have ended yet. */
function noteEnd(id: number): void {
  void note('ended', id);
}

function open(path: string): Socket {
  let rest = '';
  const opened = connect({ path }).setEncoding('latin1');
  opened.on('data', (text: string) => {
    const lines = (rest + text).split('\r\n');
    rest = lines.pop() ?? '';
    for (const line of lines) waiting.shift()?.(Number(line.slice(1)));
  });
  return opened;
}

export async function Work(_queue: string, id: number, ms: number): Promise<void> {
  await note('begun', id);
  await sleep(ms);
  noteEnd(id);
}

/** Takes long, but only the first time: for measuring when it runs again. */
export async function LongOnce(_queue: string, id: number): Promise<void> {
  if ((await note('begun', id)) === 1) await sleep(600_000);
  noteEnd(id);
}

/** Enqueues a job and goes on until that has begun: it does so long before this worker looks by itself. */
export async function Parent(queue: string, id: number, ms: number): Promise<void> {
  await note('begun', id);
  const child = CHILDREN_FROM + (await ask('INCR children:announced'));
  await enqueue({ queue, class: 'Work', args: [child, ms] });
  await ask('INCR children:confirmed');
  const end = performance.now() + CHILD_BEGINS_MS;
  while ((await ask(`HEXISTS begun ${child}`)) === 0) {
    if (performance.now() > end) throw new Error(`the job that ${id} enqueued does not begin`);
    await sleep(20);
  }
  noteEnd(id);
}

/** Does not end the first two times. */
export async function ThirdTime(_queue: string, id: number, ms: number): Promise<void> {
  await sleep((await note('begun', id)) < 3 ? 600_000 : ms);
  noteEnd(id);
}

/** Fails the first two times. */
export const twice = job({
  class: 'FailTwice',
  retry: { attempts: 3, delay: [0.02, 0.1] },
  async perform(id: number, ms: number) {
    await note('begun', id);
    await sleep(ms);
    if (this.attempt >= 3) return noteEnd(id);
    // It runs no more in this process, although it has not ended.
    void ask(`RPUSH life:${process.pid} -${id}`);
    throw new Error(`failure ${this.attempt} of ${id}`);
  },
});

/** Notes who runs for an account, and returns who did; both as pid * MOST_IDS + id. */
const BEGIN_ACCOUNT =
  "local old = redis.call('GET', KEYS[1]) redis.call('SET', KEYS[1], ARGV[1]) return tonumber(old or '0')";
const END_ACCOUNT = "if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end return 0";
const MOST_IDS = 1_000_000;

/** Unique by its account, and fails the first time. */
export const account = job({
  class: 'Account',
  retry: { attempts: 3, delay: [0.02] },
  async perform(id: number, name: number, ms: number) {
    await note('begun', id);
    const own = process.pid * MOST_IDS + (id - CHILDREN_FROM);
    const other = await ask(`EVAL "${BEGIN_ACCOUNT}" 1 account:${name} ${own}`);
    const isSame = other % MOST_IDS === own % MOST_IDS;
    // The note of a process that was killed stays.
    if (other !== 0 && !isSame && isAlive(Math.floor(other / MOST_IDS))) await ask('INCR together');
    await sleep(ms);
    await ask(`EVAL "${END_ACCOUNT}" 1 account:${name} ${own}`);
    if (this.attempt >= 2) return noteEnd(id);
    void ask(`RPUSH life:${process.pid} -${id}`);
    throw new Error(`failure of ${id}`);
  },
});

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** Ends at once when its signal aborts. */
export async function Heeds(this: JobContext, _queue: string, id: number, ms: number): Promise<void> {
  await note('begun', id);
  try {
    await sleep(ms, undefined, { signal: this.signal });
  } finally {
    noteEnd(id);
  }
}

/** Leaves the process, and does not even say that it failed. */
export async function Exit(_queue: string, id: number): Promise<void> {
  await note('begun', id);
  process.exit(3);
}

export async function ThrowLater(_queue: string, id: number): Promise<void> {
  await note('begun', id);
  setTimeout(() => {
    throw new TypeError(`thrown by ${id}, later`);
  }, 5);
  await sleep(600_000);
}

/** Takes memory until the process dies of it. */
export async function Fill(_queue: string, id: number): Promise<void> {
  await note('begun', id);
  const kept: string[][] = [];
  for (;;) kept.push(Array.from({ length: 10_000 }, (_, n) => `${n} of ${kept.length}`));
}

/** Holds the event loop. */
export async function Block(_queue: string, id: number, ms: number): Promise<void> {
  await note('begun', id);
  const end = performance.now() + ms;
  while (performance.now() < end);
  noteEnd(id);
}

/** The poison pill. */
export async function Kill(_queue: string, id: number): Promise<void> {
  await note('begun', id);
  process.kill(process.pid, 'SIGKILL');
  await sleep(600_000);
}
