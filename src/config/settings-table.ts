/**
 * The table of all settings: flags, environment variables, keys of the configuration file, defaults and help. Does not
 * know how they are read, only the name and the values of each setting.
 */
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { basename, resolve } from 'node:path';
import { TsworkerError } from '../errors.js';
import type { Setting, SettingKey, Table } from './setting-definition.js';
import type { Settings } from './settings.js';
import { DEFAULT_URI } from './uri.js';
import {
  address,
  boolean,
  choice,
  file,
  integer,
  paths,
  processes,
  queues,
  type Reading,
  schedule,
  seconds,
  text,
  uri,
} from './value-parsers.js';

/** The longest that a Node timer can wait (2^31 - 1 ms), in whole seconds. */
const LONGEST = 2_147_483;

export const SCHEMA: Table = {
  queues: {
    flag: 'queues',
    kind: queues,
    group: 'Work',
    help: "queues to work: a,b,c in strict order, or with weights, high=2,low=1; patterns: 'mail_*,*,!low' (required)",
    defaultText: '',
    fallback: () => undefined,
  },
  interval: {
    flag: 'interval',
    kind: seconds({ min: 0, above: true, max: LONGEST }),
    group: 'Work',
    help: 'longest time between two checks of an idle worker, in seconds, fractions allowed',
    defaultText: '5.0',
    fallback: () => 5,
  },
  concurrency: {
    flag: 'concurrency',
    kind: integer({ min: 1, max: 100_000 }),
    group: 'Work',
    help: 'maximum number of running jobs, in all processes together, 1 to 100000',
    defaultText: '25',
    fallback: () => 25,
  },
  processes: {
    flag: 'processes',
    kind: processes,
    group: 'Process',
    help: 'number of child processes, which share the concurrency; auto: one for each core',
    defaultText: '1',
    fallback: () => 1,
  },
  connections: {
    flag: 'connections',
    kind: integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
    group: 'Redis',
    help: 'maximum number of Redis connections, of all processes together; 1: everything runs in one process',
    defaultText: '-processes + 1, so 2',
    fallback: () => undefined,
  },
  maxRss: {
    flag: 'max-rss',
    kind: integer({ min: 0, max: Number.MAX_SAFE_INTEGER }),
    group: 'Process',
    help: 'megabytes of memory above which a child process finishes its jobs and is replaced; 0: never',
    defaultText: '0',
    fallback: () => 0,
  },
  uri: {
    flag: 'uri',
    kind: uri,
    group: 'Redis',
    help: 'redis://user:pass@host:port/db, rediss://…, unix:///path/to/redis.sock?db=N, redis+sentinel://host,host2/mymaster/db or redis+cluster://host,host2',
    defaultText: `$($REDIS_PROVIDER), else $REDIS_URL, else ${DEFAULT_URI}`,
    fallback: () => DEFAULT_URI,
  },
  namespace: {
    flag: 'namespace',
    kind: text('prefix', (value, { warn }) => {
      if (!value.endsWith(':')) warn(`the namespace ${JSON.stringify(value)} does not end in ":"; Resque's does`);
    }),
    group: 'Redis',
    help: 'prefix of every Redis key',
    defaultText: 'resque:',
    fallback: () => 'resque:',
  },
  exitOnComplete: {
    flag: 'exit-on-complete',
    kind: boolean,
    group: 'Work',
    help: 'exit with 0 when the queues are empty and all jobs have ended',
    defaultText: 'false',
    fallback: () => false,
  },
  useNumber: {
    flag: 'use-number',
    kind: boolean,
    group: 'Work',
    help: 'decode large integers in arguments exactly, as bigint; false: as JSON.parse does',
    defaultText: 'true',
    fallback: () => true,
  },
  forcePrune: {
    flag: 'force-prune',
    kind: boolean,
    group: 'Process',
    help: 'also prune workers that have no heartbeat at all, and goworkers with an old one',
    defaultText: 'false',
    fallback: () => false,
  },
  tlsCertPath: {
    flag: 'tls-cert',
    kind: file,
    group: 'Redis',
    help: 'CA certificates (PEM) to verify the Redis server',
    defaultText: '',
    fallback: () => undefined,
  },
  tlsClientCertPath: {
    flag: 'tls-client-cert',
    kind: file,
    group: 'Redis',
    help: 'certificate (PEM) to show to the Redis server; with -tls-client-key',
    defaultText: '',
    fallback: () => undefined,
  },
  tlsClientKeyPath: {
    flag: 'tls-client-key',
    kind: file,
    group: 'Redis',
    help: 'private key (PEM) of -tls-client-cert',
    defaultText: '',
    fallback: () => undefined,
  },
  skipTLSVerify: {
    flag: 'insecure-tls',
    kind: boolean,
    group: 'Redis',
    help: "do not verify the Redis server's certificate",
    defaultText: 'false',
    fallback: () => false,
  },
  waitReplicas: {
    flag: 'wait-replicas',
    kind: integer({ min: 0, max: 1000 }),
    group: 'Redis',
    help: 'number of replicas that must confirm a claim before its job starts, and each result',
    defaultText: '0',
    fallback: () => 0,
  },
  waitTimeout: {
    flag: 'wait-timeout',
    kind: seconds({ min: 0, above: true, max: 10 }),
    group: 'Redis',
    help: 'seconds that each wait of -wait-replicas may take until Redis counts as unavailable',
    defaultText: '1',
    fallback: () => 1,
  },
  scheduler: {
    flag: 'scheduler',
    kind: choice('on', 'off'),
    group: 'Work',
    help: 'move delayed jobs that are due to their queues, if no other process does; off: never',
    defaultText: 'on',
    fallback: () => 'on',
  },
  schedulerLockPrefix: {
    flag: 'scheduler-lock-prefix',
    kind: text('prefix', () => {}),
    group: 'Redis',
    help: "RESQUE_SCHEDULER_MASTER_LOCK_PREFIX of Ruby's resque-scheduler, if one runs beside tsworker",
    defaultText: '',
    fallback: () => '',
  },
  schedule: {
    flag: 'schedule',
    kind: schedule,
    group: 'Work',
    help: "recurring jobs: a schedule file of Ruby's resque-scheduler (YAML); the configuration file can list them",
    defaultText: '',
    fallback: () => undefined,
  },
  app: {
    flag: 'app',
    kind: text('name', checkApp),
    group: 'Process',
    help: 'name of the application whose recurring jobs this process publishes: those of its latest start count',
    defaultText: 'name in package.json',
    fallback: ({ cwd }) => applicationName(cwd),
  },
  dynamicSchedule: {
    flag: 'dynamic-schedule',
    kind: boolean,
    group: 'Work',
    help: "also enqueue the recurring jobs that Ruby programs added (resque-scheduler's DYNAMIC_SCHEDULE)",
    defaultText: 'false',
    fallback: () => false,
  },
  enqueueTimeout: {
    flag: 'enqueue-timeout',
    kind: seconds({ min: 0, above: true, max: LONGEST }),
    group: 'Redis',
    help: 'seconds that enqueue() in a job or program waits for Redis before it rejects',
    defaultText: '10',
    fallback: () => 10,
  },
  label: {
    flag: 'label',
    kind: text('name', checkLabel),
    group: 'Process',
    help: 'first part of the worker ids, without colon, comma or blank (by default from the host name)',
    defaultText: '<host>.ts',
    fallback: () => `${hostname().replaceAll(/[:,\s]/g, '-')}.ts`,
  },
  grace: {
    flag: 'grace',
    kind: seconds({ min: 0, max: LONGEST }),
    group: 'Process',
    help: 'seconds that running jobs may continue after a stop signal; 0: no limit',
    defaultText: '0',
    fallback: () => 0,
  },
  timeout: {
    flag: 'timeout',
    kind: seconds({ min: 0, max: LONGEST }),
    group: 'Work',
    help: 'seconds that a job may run before it fails, unless its class has its own limit; 0: no limit',
    defaultText: '0',
    fallback: () => 0,
  },
  retry: {
    flag: 'retry',
    kind: integer({ min: 0, max: 1000 }),
    group: 'Work',
    help: 'maximum number of runs of a job before it goes to the failed list, unless its class has its own; 0 and 1: once',
    defaultText: '0',
    fallback: () => 0,
  },
  heartbeat: {
    flag: 'heartbeat',
    kind: seconds({ min: 0, above: true, max: LONGEST }),
    group: 'Process',
    help: 'seconds between two heartbeats; the same in every worker of a namespace',
    defaultText: '60',
    fallback: () => 60,
  },
  pruneAfter: {
    flag: 'prune-after',
    kind: seconds({ min: 0, above: true, max: LONGEST }),
    group: 'Process',
    help: 'seconds without a heartbeat after which a worker is dead; more than -heartbeat',
    defaultText: '300',
    fallback: () => 300,
  },
  onDead: {
    flag: 'on-dead',
    kind: choice('requeue', 'fail'),
    group: 'Process',
    help: 'what happens to the jobs of a tsworker that died: they run again, or fail, as in Resque',
    defaultText: 'requeue',
    fallback: () => 'requeue',
  },
  jobs: {
    flag: 'jobs',
    repeats: true,
    kind: paths,
    group: 'Work',
    help: 'directory or file with job modules; may be repeated',
    defaultText: './jobs',
    fallback: ({ cwd }) => Object.freeze([resolve(cwd, 'jobs')]),
  },
  http: {
    flag: 'http',
    kind: address,
    group: 'Process',
    help: 'serve /healthz, /readyz and /metrics: a port on this machine only, or host:port',
    defaultText: '',
    fallback: () => undefined,
  },
  logLevel: {
    flag: 'log-level',
    kind: choice('trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'),
    group: 'Logs',
    help: 'trace, debug, info, warn, error, fatal or silent',
    defaultText: 'info',
    fallback: () => 'info',
  },
  logFormat: {
    flag: 'log-format',
    kind: choice('json', 'pretty'),
    group: 'Logs',
    help: 'format of the log lines',
    defaultText: 'json, pretty on a terminal',
    fallback: ({ terminal }) => (terminal ? 'pretty' : 'json'),
  },
  logJobs: {
    flag: 'log-jobs',
    kind: boolean,
    group: 'Logs',
    help: 'log a line for each job that succeeds: class, queue, duration, arguments',
    defaultText: 'false, true on a terminal',
    fallback: ({ terminal }) => terminal,
  },
};

/** Which configuration file to read: only a flag and a variable, not a setting. */
export const CONFIG_FLAG = {
  flag: 'config',
  placeholder: 'file',
  help: 'configuration file to read instead of the one that is found',
} as const;

/** In the order of the table. */
export const SETTING_KEYS: readonly SettingKey[] = Object.freeze(Object.keys(SCHEMA) as SettingKey[]);

/** Parses one value; an error names `origin` (`-queues`, `TSWORKER_QUEUES`, …) and the values that are valid. */
export function readSetting<K extends SettingKey>(
  key: K,
  value: unknown,
  origin: string,
  reading: Omit<Reading, 'origin'>,
): Exclude<Settings[K], undefined> {
  const setting: Setting<Settings[K]> = SCHEMA[key];
  try {
    return setting.kind.parse(value, { ...reading, origin, warn: (warning) => reading.warn(`${origin}: ${warning}`) });
  } catch (error) {
    if (!(error instanceof TsworkerError)) throw error;
    const options = error.hint === undefined ? {} : { hint: error.hint };
    throw new TsworkerError(error.code, `${origin}: ${error.message}`, options);
  }
}

function checkApp(value: string): void {
  if (value !== '') return;
  throw new TsworkerError('USAGE', 'must be a name, not ""');
}

/** The same wherever it is deployed: the name of the package, else of the folder. */
function applicationName(cwd: string): string {
  try {
    const { name } = JSON.parse(readFileSync(resolve(cwd, 'package.json'), 'utf8')) as { name?: unknown };
    if (typeof name === 'string' && name !== '') return name;
  } catch {
    // None, or one that npm will complain about.
  }
  return basename(cwd) || 'app';
}

function checkLabel(value: string): void {
  if (value !== '' && !/[:,\s]/.test(value)) return;
  throw new TsworkerError('USAGE', `must be a name without colon, comma or blank, not ${JSON.stringify(value)}`, {
    hint: 'worker ids are <label>:<pid>-<slot>:<queues>, so a colon or a comma in the label would split them wrongly',
  });
}
