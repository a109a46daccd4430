/**
 * A process of node-resque with 25 workers, and a scheduler that looks for stuck workers as soon and as often as it can,
 * and runs their jobs again: its intervals are whole seconds.
 */
import { MultiWorker, Scheduler } from 'node-resque';
import { setup, Work } from '../jobs/jobs.js';

const WORKERS = 25;
const connection = { pkg: 'ioredis', options: { path: process.env.CHAOS_REDIS } };
const jobs = { Work: { perform: (id: number, ms: number) => Work('', id, ms) } };

await setup();
const options = { connection, queues: ['high', 'low'], minTaskProcessors: WORKERS, maxTaskProcessors: WORKERS };
const multi = new MultiWorker({ ...options, timeout: 300, checkTimeout: 100 }, jobs);
multi.on('error', (error) => console.error('worker', error));
// Private, but what its own loop calls: by itself it would start one every tenth of a second.
const starter = multi as unknown as { startWorker(): Promise<void> };
const started = Array.from({ length: WORKERS }, () => starter.startWorker());
multi.start();
await Promise.all(started);

const cleaning = { stuckWorkerTimeout: 2000, retryStuckJobs: true, leaderLockTimeout: 2, timeout: 300 };
const scheduler = new Scheduler({ connection, ...cleaning }, jobs);
scheduler.on('error', (error) => console.error('scheduler', error));
await scheduler.connect();
await scheduler.start();
