/** The types for authors of job modules: flags in the context, typed arguments, decoders. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, expectTypeOf, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import type { FlagOptions, JobContext, JobFunction, SetupContext } from '../../../src/job.js';
import { defineFlags } from '../../../src/job-modules/flags.js';
import { type register, registerDecoder } from '../../../src/job-modules/global-registrations.js';
import { job } from '../../../src/job-modules/job.js';

const flags = { region: { type: 'string', default: 'eu' }, retries: { type: 'number' } } as const satisfies Record<
  string,
  FlagOptions
>;
type Context = JobContext<typeof flags>;

test('the flags of the module are typed in the context', () => {
  expectTypeOf<Context['flags']['region']>().toEqualTypeOf<string>();
  expectTypeOf<Context['flags']['retries']>().toEqualTypeOf<number | undefined>();
  job({
    class: 'A',
    perform(this: Context, _id: number) {
      expectTypeOf(this.flags.region).toEqualTypeOf<string>();
    },
  });
  job({
    class: 'B',
    args: z.tuple([z.number()]),
    perform(this: Context, id) {
      expectTypeOf(id).toEqualTypeOf<number>();
      expectTypeOf(this.flags.retries).toEqualTypeOf<number | undefined>();
    },
  });
});

test('setup takes the flags of its module out of its context, typed', () => {
  const flags = defineFlags({ region: { type: 'string', default: 'eu' }, retries: { type: 'number' } });
  type Flags = typeof flags;
  const setup = ({ flags, concurrency }: SetupContext<Flags>): void => {
    expectTypeOf(flags.region).toEqualTypeOf<string>();
    expectTypeOf(flags.retries).toEqualTypeOf<number | undefined>();
    expectTypeOf(concurrency).toEqualTypeOf<number>();
  };
  expect(setup).toBeTypeOf('function');
  expectTypeOf<JobContext<Flags>['flags']['region']>().toEqualTypeOf<string>();
  // @ts-expect-error a misspelled option
  defineFlags({ region: { typ: 'string' } });
});

test('register takes functions with typed arguments, with and without a typed context', () => {
  const calls = (add: typeof register): void => {
    add('A', async (_queue: string, _id: number) => {});
    add('B', async function (this: Context, _queue: string, _id: number) {
      expectTypeOf(this.flags.region).toEqualTypeOf<string>();
    });
    // @ts-expect-error the first parameter is the queue's name
    add('C', (_queue: number) => {});
  };
  expect(calls).toBeTypeOf('function');
  expectTypeOf(registerDecoder).parameter(0).returns.toHaveProperty('class');
  expectTypeOf<(queue: string, id: number) => Promise<void>>().toExtend<JobFunction>();
});

/** What the compiler says of a file with that text. */
function compilerOn(text: string): string {
  const folder = fileURLToPath(new URL(`../../../.cache/types-${process.pid}`, import.meta.url));
  mkdirSync(folder, { recursive: true });
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const imports = "import { z } from 'zod';\nimport { job } from '../../src/job-modules/job.js';\n";
  writeFileSync(`${folder}/a.ts`, `${imports}${text}\n`);
  const flags = '--ignoreConfig --noEmit --strict --module nodenext --target es2023 --skipLibCheck --types node';
  return spawnSync('node_modules/.bin/tsc', [...flags.split(' '), `${folder}/a.ts`], { encoding: 'utf8' }).stdout;
}

test('a wrong definition gives an error that says what is wanted', () => {
  const said = compilerOn(
    [
      "job({ class: 'A', args: z.object({ a: z.string() }), perform(_a) {} });",
      "job({ class: 'A', args: z.tuple([z.string()]), perform(_a: number) {} });",
      "job({ class: 'A', args: 5, perform() {} });",
      "job({ class: 'A', perfrom() {} });",
    ].join('\n'),
  );
  const errors = said.split(/^(?=\S)/m);
  expect(errors.map((text) => /\((\d+),/.exec(text)?.[1])).toEqual(['3', '4', '5', '6']);
  expect(errors[0]).toContain('args must be a schema of the list of arguments, for example z.tuple([z.string()])');
  expect(errors[1]).toMatch(
    /'\(_a: number\) => void' is not assignable to type '\(this: .*, args_0: string\) => unknown'/,
  );
  expect(errors[2]).toContain('number');
  expect(errors[3]).toContain("Did you mean to write 'perform'?");
});

test('perform must take what the schema returns', () => {
  // @ts-expect-error the schema returns a number
  job({ class: 'A', args: z.tuple([z.number()]), perform: (_id: string) => {} });
  expect(flags.region.default).toBe('eu');
});
