/** Every scenario, in the order in which they are run. */
import type { Scenario } from '../harness/scenario.js';
import { cancel } from './cancel.js';
import { forkFailure, wideCrash } from './crash.js';
import { delayed } from './delayed.js';
import { enqueue } from './enqueue.js';
import { poison, rogues } from './jobs.js';
import { kill, retry } from './kill.js';
import { blackHole, network } from './network.js';
import { freeze, term } from './processes.js';
import { busy, memory, readOnly } from './refusals.js';
import { schedule } from './schedule.js';
import { clientKill, loading, redisKill, redisRestart, scriptFlush } from './server.js';
import { frozenRedis, lateClaim, pausedGroup } from './stopped.js';
import { cluster, sentinel } from './topology.js';
import { unique } from './unique.js';
import { filesGone } from './upgrade.js';

export const SCENARIOS: readonly Scenario[] = [
  ...[kill, retry, unique, cancel],
  ...[redisKill, redisRestart, scriptFlush, clientKill, loading],
  ...[network, blackHole],
  ...[freeze, term],
  ...[memory, readOnly, busy],
  ...[sentinel, cluster],
  ...[rogues, poison, wideCrash],
  ...[enqueue, delayed, schedule, forkFailure, pausedGroup, frozenRedis, lateClaim, filesGone],
];
