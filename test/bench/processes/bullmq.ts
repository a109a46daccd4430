/** BullMQ's worker with its defaults: locks, stalled checks, metrics of its own, completed jobs kept. */
import { type Job, Worker } from 'bullmq';
import { functions, onTerm, readSpec } from './worker.js';

const { socket, queues, concurrency } = readSpec();
const perform = async (job: Job) => functions[job.name](job.queueName, ...(job.data as never[]));
const workers = queues.map((queue) => new Worker(queue, perform, { connection: { path: socket }, concurrency }));
onTerm(() => Promise.all(workers.map((worker) => worker.close())));
