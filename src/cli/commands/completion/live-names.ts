/**
 * Names for shell completion: of queues, workers and classes in Redis, and of the classes in the job modules. Limited
 * in time, and silent if Redis is unavailable. Changes nothing, and loads no modules.
 */
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { findJobs, loadSettings, readFileFor, type Sources } from '../../../config/load.js';
import type { NameKind } from '../../../config/value-parsers.js';
import type { Connection } from '../../../redis/connection.js';
import { createKeys, type Keys } from '../../../resque/keys.js';

const PATIENCE_MS = 300;
const MOST_NAMES = 500;
/** How many queues are read, jobs of each, and failures. */
const SAMPLE = { queues: 100, jobs: 10, failures: 200 };

/** Names that need no quoting: one with blanks, quotes or a semicolon would be another command. */
const PLAIN = /^[\p{L}\p{N}_][\p{L}\p{N}_.:@%+/-]*$/u;

/** The names that begin with `typed` and were found in time, sorted. */
export async function liveNames(kind: NameKind, typed: string, sources: Sources): Promise<readonly string[]> {
  const found = new Set<string>();
  const add = (name: string) => {
    if (found.size < MOST_NAMES && name.startsWith(typed) && PLAIN.test(name)) found.add(name);
  };
  // Errors are not reported during completion.
  if (kind === 'class') await moduleClasses(sources, add).catch(() => {});
  await fromRedis(kind, sources, add).catch(() => {});
  return [...found].sort();
}

type Add = (name: string) => void;

async function fromRedis(kind: NameKind, sources: Sources, add: Add): Promise<void> {
  const { settings } = await loadSettings({ ...sources, queuesRequired: false });
  const [{ connect }, { connectOptions }] = await Promise.all([
    import('../../../redis/connect.js'),
    import('../../../redis/options.js'),
  ]);
  const ask = async () => {
    const options = connectOptions(settings, `tsworker:${process.pid}:completion`, PATIENCE_MS);
    const connection = await connect(options, settings.uri, { patient: false });
    try {
      await READERS[kind](connection, createKeys(settings.namespace), add);
    } finally {
      await connection.close();
    }
  };
  const asking = ask();
  asking.catch(() => {});
  await Promise.race([asking, sleep(PATIENCE_MS, undefined, { ref: false })]);
}

type Reader = (connection: Connection, keys: Keys, add: Add) => Promise<void>;

const READERS: Readonly<Record<NameKind, Reader>> = {
  async queue(connection, keys, add) {
    const { queueNames } = await import('../../../inspect/queues.js');
    for (const { name } of await queueNames(connection, keys)) add(name);
  },
  async worker(connection, keys, add) {
    const [{ scan }, { nameWithoutQueues }] = await Promise.all([
      import('../../../registry/scan.js'),
      import('../../../inspect/worker-id.js'),
    ]);
    // Every command accepts the beginning of an id.
    for await (const [id] of scan(connection, ['SSCAN', keys.workers], 1)) add(nameWithoutQueues(id) ?? id);
  },
  async class(connection, keys, add) {
    const [{ queueNames }, { readJob }, { FailedEntry }] = await Promise.all([
      import('../../../inspect/queues.js'),
      import('../../../inspect/payload.js'),
      import('../../../inspect/failed/entry.js'),
    ]);
    const newest = ['LRANGE', keys.failed, String(-SAMPLE.failures), '-1'];
    const failures = (await connection.send(newest, { binary: true })) as Buffer[];
    for (const raw of failures) add(new FailedEntry(raw).class);
    for (const { name } of (await queueNames(connection, keys)).slice(0, SAMPLE.queues)) {
      const next = ['LRANGE', keys.queue(name), '0', String(SAMPLE.jobs - 1)];
      for (const payload of (await connection.send(next, { binary: true })) as Buffer[]) add(readJob(payload).class);
    }
  },
};

const DECLARED =
  /\bexport\s+(?:async\s+)?(?:function\*?|const|let|var)\s+(\p{Lu}[\p{L}\p{N}_]*)|\b(?:class\s*:|register\()\s*(['"])([^'"\n]+)\2/gu;

/** Read from the text of the modules, since loading would run them. */
async function moduleClasses(sources: Sources, add: Add): Promise<void> {
  const { findModules } = await import('../../../job-modules/files.js');
  const file = await readFileFor(sources.flags, sources.env, sources.cwd);
  for (const path of findJobs(sources, file))
    for (const { path: module } of (await findModules(path)).files)
      for (const [, exported, , named] of (await readFile(module, 'utf8')).matchAll(DECLARED)) add(exported ?? named);
}
