/** Checks the queues: whether the configured ones exist, whether their classes are registered, and whether workers process
 * them. */

import { didYouMean } from '../config/suggest.js';
import { counted, duration } from '../format.js';
import { readPause } from '../inspect/pause.js';
import { readQueuePauses } from '../inspect/queue-pause.js';
import { listQueues, type QueueSeen } from '../inspect/queues.js';
import type { JobModules } from '../job-modules/load.js';
import type { FunctionRegistry } from '../job-modules/registry.js';
import { isExclusion, isPattern, resolveQueues, serves } from '../queue-patterns.js';
import { decodePayload } from '../resque/codec.js';
import type { Keys } from '../resque/keys.js';
import { ownClass, WRAPPER } from '../resque/wrapper.js';
import { bad, type Finding, good, some, warning } from './finding.js';
import type { RedisSeen } from './probes.js';

/** Jobs that are read at each end of a queue: enough to find a missing class, and bounded for any queue. */
const PEEK = 100;

export interface QueueFacts {
  readonly keys: Keys;
  readonly modules: JobModules;
  /** All job modules were loaded. */
  readonly complete: boolean;
  /** The queues of each live worker; undefined: unknown. */
  readonly served: readonly (readonly string[])[] | undefined;
}

export async function checkQueues(seen: RedisSeen, facts: QueueFacts): Promise<Finding[]> {
  const { connection, settings } = seen;
  const all = await listQueues(connection, facts.keys);
  const { queues, weighted } = settings.queues;
  const existing = all.map(({ name }) => name);
  const configured = resolveQueues(queues, existing, weighted).map(({ name }) => name);
  const patterns = queues.map(({ name }) => name).filter((name) => isPattern(name) && !isExclusion(name));
  return [
    ...aboutPause((await readPause(connection, facts.keys)).paused),
    ...missing(configured, all),
    ...patterns.flatMap((pattern) => matchless(pattern, existing)),
    ...(await contents(seen, facts, configured)),
    ...(await pausedQueues(seen, facts, configured, all)),
    ...unserved(configured, all, facts.served),
    ...all.flatMap(quarantined),
  ];
}

function aboutPause(paused: boolean): Finding[] {
  if (!paused) return [];
  return [
    warning(
      'a pause is in force (pause-all-workers): Ruby and tsworker workers take no new jobs',
      'run tsworker resume when they should go on',
    ),
  ];
}

/** Includes configured queues without jobs. */
async function pausedQueues(
  { connection }: RedisSeen,
  { keys }: QueueFacts,
  configured: readonly string[],
  all: readonly QueueSeen[],
): Promise<Finding[]> {
  const names = [...new Set([...configured, ...all.map(({ name }) => name)])];
  const pauses = await readQueuePauses(connection, keys, configured);
  return names.flatMap((name, i) => {
    const pause = i < configured.length ? pauses[i] : all.find((queue) => queue.name === name)?.pause;
    if (pause === undefined) return [];
    const until = pause.leftMs === undefined ? '' : ` for ${duration(pause.leftMs)}`;
    const text = `the queue ${name} is paused${until}: tsworker takes no new jobs of it`;
    return [warning(text, `run tsworker queues resume ${name} when it should go on`)];
  });
}

function missing(configured: readonly string[], all: readonly QueueSeen[]): Finding[] {
  const names = all.map(({ name }) => name);
  return configured
    .filter((name) => !names.includes(name))
    .map((name) => {
      const guess = didYouMean(
        name,
        names.filter((one) => !configured.includes(one)),
      ).replace('; ', '');
      const hint = `nothing was ever pushed to it; that is fine before the first job${guess === '' ? '' : `. Otherwise: ${guess}`}`;
      return warning(`the queue ${name} does not exist yet`, hint);
    });
}

function matchless(pattern: string, existing: readonly string[]): Finding[] {
  if (existing.some((name) => serves([pattern], name))) return [];
  const hint = 'nothing was ever pushed to such a queue; it is processed as soon as something is';
  return [warning(`the pattern ${pattern} matches no queue yet`, hint)];
}

async function contents(seen: RedisSeen, facts: QueueFacts, configured: readonly string[]): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const name of configured) findings.push(...(await lookInto(seen, facts, name)));
  return findings;
}

async function lookInto({ connection, settings }: RedisSeen, facts: QueueFacts, name: string): Promise<Finding[]> {
  const { keys, modules, complete } = facts;
  const ends = await Promise.all([
    connection.send(['LRANGE', keys.queue(name), '0', String(PEEK - 1)], { binary: true }),
    connection.send(['LRANGE', keys.queue(name), String(-PEEK), '-1'], { binary: true }),
    connection.send(['LLEN', keys.queue(name)]),
  ]).catch((error: unknown) => {
    if (error instanceof Error && error.message.startsWith('WRONGTYPE')) return undefined;
    throw error;
  });
  if (ends === undefined)
    return [
      bad(
        `the key of the queue ${name} is not a list`,
        `find out which program writes ${keys.queue(name)}: Resque keeps a list there`,
      ),
    ];
  const [head, tail, size] = ends as [Buffer[], Buffer[], number];
  if (size === 0) return [];
  const classes = classesOf([...head, ...tail], modules, settings.useNumber);
  const unknown = [...classes.known].filter((one) => modules.functions.get(one) === undefined).sort();
  return [
    ...(unknown.length > 0 && complete ? [unregistered(name, unknown, modules.functions.classes)] : []),
    ...(classes.garbage ? [garbage(name)] : []),
    ...(unknown.length === 0 && !classes.garbage ? [sound(name, size, classes.known)] : []),
  ];
}

/** Decodes the payload as the worker does, with the decoder of the job modules if there is one. */
function classesOf(payloads: readonly Buffer[], { functions, decoder }: JobModules, useNumber: boolean) {
  const known = new Set<string>();
  let garbage = false;
  const decode = decoder ?? functions.decoder;
  for (const payload of payloads) {
    try {
      known.add(
        classOf(decode === undefined ? decodePayload(payload, useNumber) : decode(payload.toString()), functions),
      );
    } catch {
      garbage = true;
    }
  }
  return { known, garbage };
}

/** By which a function is looked up: that of the wrapper where only the wrapper has one. */
function classOf(job: Parameters<typeof ownClass>[0], functions: FunctionRegistry): string {
  const own = ownClass(job);
  return functions.get(own) === undefined && functions.get(WRAPPER) !== undefined ? String(job.class) : own;
}

function unregistered(queue: string, classes: readonly string[], known: readonly string[]): Finding {
  const text = `the queue ${queue} contains jobs of ${some(classes)}, which no job module registers: they would fail here`;
  const guess = classes.length === 1 ? didYouMean(classes[0], known).replace('; ', '') : '';
  const hint = 'add a module for it, leave the queue to workers that have it, or register it under that exact name';
  return bad(text, guess === '' ? hint : `${hint} (${guess})`);
}

function garbage(queue: string): Finding {
  const text = `the queue ${queue} contains entries that are not jobs: they would go to the failed list`;
  return warning(text, `tsworker queues peek ${queue} shows it; a job is {"class":"Name","args":[]}`);
}

function sound(queue: string, size: number, classes: ReadonlySet<string>): Finding {
  return good(`the queue ${queue} contains ${counted(size, 'job')} of ${some([...classes].sort())}`);
}

function quarantined({ name, quarantined: jobs }: QueueSeen): Finding[] {
  if (jobs === 0) return [];
  const what = jobs === 1 ? 'job of the queue' : 'jobs of the queue';
  return [
    warning(
      `${jobs} ${what} ${name} in quarantine: two processes died with ${jobs === 1 ? 'it' : 'them'}`,
      `a tsworker with a supervisor that works ${name} runs them alone; tsworker queues release ${name} puts them back`,
    ),
  ];
}

/** Jobs in queues that no worker processes. */
function unserved(configured: readonly string[], all: readonly QueueSeen[], served: QueueFacts['served']): Finding[] {
  if (served === undefined) return [];
  return all
    .filter(
      ({ name, size = 0 }) => size > 0 && !configured.includes(name) && !served.some((queues) => serves(queues, name)),
    )
    .map(({ name, size = 0 }) =>
      warning(
        `no worker processes the queue ${name}, and this one would not: ${counted(size, 'job waits', 'jobs wait')} there`,
        'add it to the -queues of a worker',
      ),
    );
}
