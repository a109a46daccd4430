/** The acts of the demo, each with measured figures. */
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { count as number } from '../../../format.js';
import type { Demo } from './demo.js';

/** @returns how many jobs it pushed */
export type Act = (demo: Demo) => Promise<number>;

export const ACTS: readonly Act[] = [fullSpeed, idlePush, crash, failures];

async function fullSpeed(demo: Demo): Promise<number> {
  const jobs = 50_000;
  demo.title(`1. ${number(jobs)} jobs, as Ruby pushes them`);
  const mails = Array.from({ length: jobs * 0.6 }, (_, n) => [`user${n}@example.com`]);
  const reports = Array.from({ length: jobs * 0.4 }, (_, n) => [n]);
  const began = performance.now();
  await Promise.all([demo.push('high', 'SendWelcomeMail', mails), demo.push('low', 'Reports::Daily', reports)]);
  let done = 0;
  const speed = () => number(done / ((performance.now() - began) / 1000));
  const finished = async () => {
    done = await demo.processed();
    return done >= jobs;
  };
  await demo.until('all jobs to end', finished, () => `${number(done)} processed, ${speed()} a second`);
  demo.result(`all processed: ${speed()} jobs a second`);
  return jobs;
}

async function idlePush(demo: Demo): Promise<number> {
  demo.title('2. One push to a worker that is idle');
  const pushes = 20;
  const waits = () => demo.lines.flatMap(({ waitMs }) => waitMs ?? []);
  for (let n = 1; n <= pushes; n++) {
    await sleep(50);
    await demo.push('low', 'Ping', [[performance.timeOrigin + performance.now()]]);
    await demo.until('a push to be seen', () => waits().length === n);
  }
  const sorted = waits().sort((a, b) => a - b);
  const [median, slowest] = [sorted[pushes / 2], sorted[pushes - 1]].map((wait) => wait.toFixed(1));
  demo.result(`its job starts after ${median} ms (median of ${pushes}, slowest ${slowest})`);
  return pushes;
}

async function crash(demo: Demo): Promise<number> {
  demo.title('3. kill -9, in the middle of the jobs');
  const images = Array.from({ length: 36 }, (_, n) => [`photos/${n}.jpg`, 640]);
  const before = await demo.processed();
  await demo.push('high', 'ResizeImage', images);
  const started = () => demo.lines.filter(({ msg }) => msg === 'resizing');
  await demo.until('all images to be resized', () => started().length >= images.length);
  const { pid } = started()[0];
  const hit = started().flatMap((line) => (line.pid === pid ? [line.path] : []));
  process.kill(pid, 'SIGKILL');
  const killedAt = performance.now();
  const took: number[] = [];
  await demo.until('the jobs to run again', () => {
    const again = started().slice(images.length);
    while (took.length < again.length) took.push(performance.now() - killedAt);
    return hit.every((path) => again.some((line) => line.path === path));
  });
  demo.result(`one of two child processes died with ${hit.length} running jobs`);
  demo.result(`running again: the first after ${number(took[0])} ms, all after ${number(took.at(-1) ?? 0)} ms`);
  await demo.until('the images to be done', async () => (await demo.processed()) >= before + images.length);
  return images.length;
}

const [GOOD, NO_FUNDS, STOLEN] = ['4242424242424242', '4000000000009995', '4000000000009979'];

async function failures(demo: Demo): Promise<number> {
  const payments = 40;
  demo.title(`4. ${payments} payments, some of which fail`);
  const fundsAt = Date.now() + 1500;
  const card = (n: number) => (n % 20 === 0 ? STOLEN : n % 5 === 0 ? NO_FUNDS : GOOD);
  const before = await demo.processed();
  await demo.push(
    'high',
    'ChargeCard',
    Array.from({ length: payments }, (_, n) => [1000 + n, card(n), fundsAt]),
  );
  const ended = async () => (await demo.processed()) - before + (await demo.failed()) >= payments;
  await demo.until('the payments to end', ended);
  await demo.showFailures();
  await sleep(Math.max(0, fundsAt - Date.now()));
  const failed = await demo.failed();
  await demo.command(['failed', 'retry', '-error=funds']);
  await demo.until('the retried payments to end', ended);
  const left = await demo.failed();
  demo.result(`${failed - left} retried and processed, ${left} left to look at`);
  return payments;
}
