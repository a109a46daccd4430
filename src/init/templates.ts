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

export const CONFIG = lines(
  "/** The worker's settings. Flags and TSWORKER_* variables win over it; `npx tsworker config` shows what is in force. */",
  "import { defineConfig } from 'tsworker';",
  '',
  'export default defineConfig({',
  '  // Strict order: the second only while the first is empty. By weight: { high: 2, low: 1 }.',
  "  queues: ['default'],",
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
