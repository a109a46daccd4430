/** V8 stacks in a worker: only frames that the author of the job can open are kept. */
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { userFrames } from '../../src/user-frames.js';

const ours = (file: string, line: number) =>
  `    at call (${new URL(`../../src/${file}`, import.meta.url)}:${line}:20)`;

test("the job's frames stay, those of the worker and of Node go", () => {
  const stack = [
    "TypeError: Cannot read properties of undefined (reading 'reduce')",
    '    at Array.map (<anonymous>)',
    '    at total (/app/src/invoice.ts:7:31)',
    '    at async Promise.all (index 0)',
    '    at node:internal/process/task_queues:95:5',
    '    at RunContext.SendInvoice (/app/jobs/invoice.js:12:9)',
    ours('job-modules/perform.ts', 90),
    '    at AsyncLocalStorage.run (node:async_hooks:346:14)',
    `    at ${fileURLToPath(new URL('../../src/engine/run.ts', import.meta.url))}:62:22`,
    '    at new Promise (<anonymous>)',
  ].join('\n');
  expect(userFrames(stack).split('\n')).toEqual([
    "TypeError: Cannot read properties of undefined (reading 'reduce')",
    '    at Array.map (<anonymous>)',
    '    at total (/app/src/invoice.ts:7)',
    '    at async Promise.all (index 0)',
    '    at RunContext.SendInvoice (/app/jobs/invoice.js:12:9)',
  ]);
});

test('an error that was made by the worker keeps the frame that made it', () => {
  const frames = [ours('job-modules/schema.ts', 60), ours('job-modules/job.ts', 90), ours('engine/run.ts', 62)];
  expect(userFrames(['ArgumentsError: wrong', ...frames].join('\n')).split('\n')).toEqual([
    'ArgumentsError: wrong',
    frames[0].replace(':60:20', ':60'),
  ]);
});

test('another copy of the package and the loader are left out, packages of the user are not', () => {
  const lines = [
    'Error: x',
    '    at query (/app/node_modules/pg/lib/client.js:5:1)',
    '    at run (file:///app/node_modules/tsworker/dist/job-modules/job.js:9:9)',
    '    at jitiRequire (/app/node_modules/jiti/dist/jiti.cjs:1:179335)',
    '    at Job (/app/jobs/tsworker/a.mjs:3:3)',
  ];
  expect(userFrames(lines.join('\n')).split('\n')).toEqual([lines[0], lines[1], lines[4]]);
});

test.each([[''], ['Error: no frames'], ['Error: two\nlines']])('%j stays as it is', (text) => {
  expect(userFrames(text)).toBe(text);
});
