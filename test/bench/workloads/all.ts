/** The workloads by name, in the order in which they run. */
import { activeJob } from './active-job.js';
import { cpu } from './cpu.js';
import { delayed } from './delayed.js';
import { fleet } from './fleet.js';
import { latency } from './latency.js';
import { leak } from './leak.js';
import { memory } from './memory.js';
import { payload } from './payload.js';
import { manyQueues, patterns } from './queues.js';
import { retry } from './retry.js';
import { scale } from './scale.js';
import { startup } from './startup.js';
import { throughput } from './throughput.js';
import { timers } from './timers.js';
import type { Workload } from './workload.js';

export const WORKLOADS: ReadonlyMap<string, Workload> = new Map([
  ['throughput', throughput],
  ['timers', timers],
  ['cpu', cpu],
  ['payload', payload],
  ['retry', retry],
  ['active-job', activeJob],
  ['latency', latency],
  ['delayed', delayed],
  ['startup', startup],
  ['memory', memory],
  ['leak', leak],
  ['scale', scale],
  ['many-queues', manyQueues],
  ['patterns', patterns],
  ['fleet', fleet],
]);
