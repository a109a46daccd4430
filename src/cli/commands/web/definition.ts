/** The definition of `tsworker web`. */
import { choice, text } from '../../../config/value-parsers.js';
import { WEB_FLAGS } from '../../../config/web.js';
import { TsworkerError } from '../../../errors.js';
import { CONNECTION_SETTINGS, type CommandFlag, defineCommand } from '../../command.js';

const own = Object.fromEntries(
  Object.values(WEB_FLAGS).map(({ flag, ...rest }): [string, CommandFlag] => [flag, rest]),
);

const refused = text('', () => {
  throw new TsworkerError('USAGE', 'everybody on this machine can read a command line', {
    hint: 'put it into $TSWORKER_WEB_PASSWORD, or into a file: -web-password-file',
  });
});

const FLAGS = {
  ...own,
  'web-password': {
    kind: { ...refused, placeholder: 'never here' },
    help: 'refused: $TSWORKER_WEB_PASSWORD or -web-password-file has it',
  },
  role: {
    kind: choice('viewer', 'operator', 'admin'),
    help: 'user and token: their permissions',
    defaultText: 'viewer',
  },
};
export type WebFlags = typeof FLAGS;

const SERVING = [...Object.keys(own), 'web-password'];

export const webCommand = defineCommand({
  name: 'web',
  group: 'Inspect',
  help: 'the dashboard: queues, workers and failures in a browser, of any Resque Redis',
  verbs: {
    serve: { words: '', help: 'serve it until Ctrl-C', flags: SERVING },
    user: {
      words: '<name>',
      help: 'ask for a password, and print the line of a user for the file of -web-users',
      flags: ['role'],
    },
    token: {
      words: '<name>',
      help: 'make a token for a script, and print its line for the file of -web-users',
      flags: ['role'],
    },
  },
  flags: FLAGS,
  settings: [
    ...CONNECTION_SETTINGS,
    'schedulerLockPrefix',
    'heartbeat',
    'pruneAfter',
    'forcePrune',
    'onDead',
    'label',
    'logLevel',
    'logFormat',
  ],
  examples: [
    ['tsworker web', 'on this machine alone: http://127.0.0.1:5678/'],
    ['tsworker web -host=0.0.0.0 -web-users=users', 'for others: the file lists who may log in'],
    ['tsworker web user ada -role=operator', 'a line for that file'],
  ],
  notes: `Without a password and users it listens on the loopback only, and refuses what comes through a proxy. Roles: a viewer \
reads; an operator also retries, moves, pauses and cancels; an admin also removes, prunes and reveals. Environment: \
TSWORKER_WEB_PASSWORD, and TSWORKER_ with the name of each flag; configuration file: the key web.

Exit code: 0 after Ctrl-C or TERM; 1 it could not listen; 2 wrong usage, or an address that others can reach without a login.`,
  load: async () => (await import('./run.js')).web,
});
