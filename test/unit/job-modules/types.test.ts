/** What a job module's author writes, as types: flags in the context, typed arguments, decoders. */
import { expect, expectTypeOf, it } from 'vitest';
import { z } from 'zod';
import type { FlagOptions, JobContext, JobFunction } from '../../../src/job.js';
import { type register, registerDecoder } from '../../../src/job-modules/global-registrations.js';
import { job } from '../../../src/job-modules/job.js';

const flags = { region: { type: 'string', default: 'eu' }, retries: { type: 'number' } } as const satisfies Record<
  string,
  FlagOptions
>;
type Context = JobContext<typeof flags>;

it('the flags of the module are typed in the context', () => {
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

it('register takes functions with typed arguments, with and without a typed context', () => {
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

it('perform must take what the schema returns', () => {
  // @ts-expect-error the schema returns a number
  job({ class: 'A', args: z.tuple([z.number()]), perform: (_id: string) => {} });
  expect(flags.region.default).toBe('eu');
});
