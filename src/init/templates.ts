/** The files of a new project, as text. Each works without changes. Pure. */

function lines(...all: readonly string[]): string {
  return all.map((line) => `${line}\n`).join('');
}

export const JOB = lines(
  '/** A first job. Every export of jobs/ that is a job, or a function whose name begins with a capital, is one. */',
  "import { job } from 'tsworker';",
  '',
  'export const hello = job({',
  "  class: 'Hello',",
  "  queue: 'default',",
  '  async perform(name: string) {',
  // biome-ignore lint/suspicious/noTemplateCurlyInString: it is one in the file that is written.
  '    this.log.info({ name }, `hello, ${name}`);',
  '  },',
  '});',
  '',
  '// From a program of yours, with the arguments checked by the compiler:',
  '//',
  "//   import { hello } from './jobs/hello.ts';",
  "//   await hello.enqueue('Ada');",
  '//',
  '// How it is run: "Share typed jobs with a program" in node_modules/tsworker/jobs/README.md.',
);

/** A job of a Rails application: enqueued there, run here, and one back. */
export const RAILS_JOB = lines(
  '/** A job that Rails enqueues and tsworker runs. Its Ruby side is in rails/app/jobs. */',
  "import { activeJob, enqueueActiveJob, type GlobalId, symbol } from 'tsworker';",
  '',
  '/** A record of Rails, as this program knows it. */',
  'interface User {',
  '  readonly gid: GlobalId;',
  '  readonly id: string;',
  '}',
  '',
  'export const welcome = activeJob({',
  "  class: 'WelcomeJob',",
  "  queue: 'typescript',",
  '  // Loads the records among the arguments: here your database is asked. It may be async.',
  "  globalId: (gid): User | undefined => (gid.model === 'User' ? { gid, id: gid.id } : undefined),",
  '  // Keyword arguments are the last argument, an object; symbols are texts.',
  '  async perform(user: User, { format }: { format: string }) {',
  "    this.log.info({ user: user.id, format, jobId: this.activeJob.jobId }, 'welcome');",
  '    // And back: a Ruby worker of the queue "rails" runs it.',
  '    await enqueueActiveJob({',
  "      class: 'WelcomedJob',",
  "      queue: 'rails',",
  '      arguments: [user.gid],',
  '      keywords: { format: symbol(format) },',
  '    });',
  '  },',
  '});',
  '',
  '// More: node_modules/tsworker/jobs/active-job.md',
);

export const RUBY_WELCOME = lines(
  '# For app/jobs of the Rails application. tsworker runs it: jobs/welcome.ts. Ruby workers must leave its queue alone.',
  '#',
  '#   WelcomeJob.perform_later(User.first, format: :html)',
  'class WelcomeJob < ApplicationJob',
  '  queue_as :typescript',
  '',
  '  def perform(_user, format:)',
  "    raise NotImplementedError, 'tsworker runs this job'",
  '  end',
  'end',
);

export const RUBY_WELCOMED = lines(
  '# For app/jobs of the Rails application. jobs/welcome.ts enqueues it; a Ruby worker runs it: QUEUE=rails rake resque:work',
  'class WelcomedJob < ApplicationJob',
  '  queue_as :rails',
  '',
  '  def perform(user, format:)',
  '    logger.info { "welcomed #{user.to_global_id} with #{format.inspect}" }',
  '  end',
  'end',
);

/** @param queue the one that the example's jobs go to */
export const config = (queue: string) =>
  lines(
    "/** The worker's settings. Flags and TSWORKER_* variables win over it; `npx tsworker config` shows what is in force. */",
    "import { defineConfig } from 'tsworker';",
    '',
    'export default defineConfig({',
    '  // Strict order: the second only while the first is empty. By weight: { high: 2, low: 1 }.',
    `  queues: ['${queue}'],`,
    '',
    '  // Jobs at once.',
    '  concurrency: 25,',
    '',
    '  // Seconds that running jobs get after a stop, then they are requeued. A few less than your platform waits before it kills.',
    '  grace: 20,',
    '',
    '  // Where Redis is, better not in a file: REDIS_URL or TSWORKER_URI. Default: redis://localhost:6379/',
    '});',
  );

export const TSCONFIG = lines(
  '{',
  '  "compilerOptions": {',
  '    "target": "ES2023",',
  '    "module": "NodeNext",',
  '    "strict": true,',
  '    "skipLibCheck": true,',
  '    // tsworker loads TypeScript as it is: the compiler only checks.',
  '    "noEmit": true,',
  '    "allowImportingTsExtensions": true',
  '    // For process, Buffer and similar: npm install --save-dev @types/node, and here "types": ["node"]',
  '  },',
  '  "include": ["jobs", "*.config.ts"]',
  '}',
);

export const PROCFILE = 'worker: npx tsworker\n';

export const SCRIPTS = { worker: 'tsworker', 'worker:check': 'tsworker check' } as const;

export const PACKAGE = lines('{', '  "private": true,', '  "type": "module",', '  "scripts": {}', '}');
