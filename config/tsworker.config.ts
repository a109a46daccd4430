/**
 * An example configuration, and the one that `tsworker demo` runs with. Copy it to your project's root or its config/
 * folder: `tsworker` finds it there. Flags and TSWORKER_* variables win over it; every key may be left out.
 * `tsworker config` prints the settings in force, and where each came from.
 */
import { defineConfig } from 'tsworker';

export default defineConfig({
  // Weighted: high is looked at twice as often as low. `['high', 'low']` is strict order: low only when high is empty.
  queues: { high: 2, low: 1 },

  // Jobs at once in this process. Jobs that wait (HTTP, a database) can be many; jobs that compute gain nothing here.
  concurrency: 25,

  // New jobs wake the worker at once; it looks again after this many seconds in any case.
  interval: 5,

  // Directories or files with job modules; relative paths begin at this file's folder for a file in the project's
  // root, and at the folder tsworker was started in for flags. Default: './jobs' in the current folder.
  // jobs: ['./jobs'],

  // Where Redis is. Better set REDIS_URL or TSWORKER_URI, so that no password lies in a file.
  // uri: 'redis://localhost:6379/',
  // tlsCertPath: '/etc/ssl/redis-ca.pem',
  // skipTLSVerify: false,
  connections: 2,

  // The prefix of all keys. Ruby's Resque and goworker use `resque:`.
  namespace: 'resque:',

  // Integers too large for a JavaScript number arrive as bigint, exact. false: plain JSON.parse, which rounds them.
  useNumber: true,

  // true: leave when all queues are empty and all jobs have ended. For cron jobs and tests.
  exitOnComplete: false,

  // Seconds that running jobs get to end after a stop signal, then they are put back. 0: as long as they need.
  // Heroku kills after 30 seconds, systemd after 90, Docker after 10: stay below that.
  grace: 0,

  // true: at start also prune workers that never sent a heartbeat (very old Resque versions).
  forcePrune: false,

  // First part of the worker ids. Default: the host's name plus `.ts`.
  // label: 'billing',

  // Serves /healthz, /readyz and /metrics. A port alone is this machine only; name a host to be seen from elsewhere.
  // http: 9090,

  // One line for each job at debug; failures at error in any case. Format: pretty on a terminal, else json.
  logLevel: 'info',
  // logFormat: 'json',
});
