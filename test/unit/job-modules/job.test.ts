/** job(): its types, its checks on both sides, and the payload it enqueues. */
import { afterEach, describe, expect, expectTypeOf, test } from 'vitest';
import { z } from 'zod';
import type { JobContext } from '../../../src/job.js';
import { job, jobFunction } from '../../../src/job-modules/job.js';
import type { ArgsSchema } from '../../../src/job-modules/schema.js';
import { type OutgoingJob, setSender } from '../../../src/job-modules/sender.js';

const context = { queue: 'high' } as JobContext;
const run = (made: object, ...args: unknown[]): unknown =>
  jobFunction(made)?.fn.call(context, 'high', ...(args as never[]));

function recordSent(): OutgoingJob[] {
  const sent: OutgoingJob[] = [];
  setSender(async (outgoing) => {
    sent.push(outgoing);
    return { status: 'enqueued' };
  });
  return sent;
}

afterEach(() => setSender(undefined));

const typed = job({
  class: 'Resize',
  queue: 'images',
  args: z.tuple([z.coerce.number<string>(), z.object({ to: z.string().default('png') }), z.boolean().optional()]),
  perform(width, { to }, dry) {
    expectTypeOf(width).toEqualTypeOf<number>();
    expectTypeOf(to).toEqualTypeOf<string>();
    expectTypeOf(dry).toEqualTypeOf<boolean | undefined>();
    expectTypeOf(this).toEqualTypeOf<JobContext>();
    return `${this.queue} ${width * 2} ${to} ${dry}`;
  },
});

describe('types', () => {
  test('enqueue takes what the schema takes', () => {
    expectTypeOf(typed.enqueue).parameters.toEqualTypeOf<
      [string, { to?: string | undefined }, (boolean | undefined)?]
    >();
    // @ts-expect-error a number is not what the schema takes
    void (() => typed.enqueue(5, {}));
  });

  test('without a schema the parameters of perform are both', () => {
    const plain = job({ class: 'Plain', perform: (_id: number, _name?: string) => {} });
    expectTypeOf(plain.enqueue).parameters.toEqualTypeOf<[_id: number, _name?: string]>();
    const none = job({ class: 'None', perform() {} });
    expectTypeOf(none.enqueue).parameters.toEqualTypeOf<[]>();
  });

  test('arrays of any length work as well', () => {
    const sum = job({
      class: 'Sum',
      queue: 'q',
      args: z.array(z.number()),
      perform: (...n) => n.reduce((a, b) => a + b, 0),
    });
    expectTypeOf(sum.enqueue).parameters.toEqualTypeOf<number[]>();
    expect(run(sum, 1, 2, 3)).toBe(6);
  });
});

describe('on the worker', () => {
  test('perform gets the arguments as the schema returns them', () => {
    expect(run(typed, '21', {})).toBe('high 42 png undefined');
  });

  test('wrong arguments fail with every problem and its place', () => {
    expect(() => run(typed, 'x', { to: 5 }, 'no')).toThrow(
      expect.objectContaining({
        name: 'ArgumentsError',
        code: 'PAYLOAD',
        message: expect.stringMatching(/^wrong arguments for Resize: args\[0\]: .*; args\[1\]\.to: .*; args\[2\]: /),
      }),
    );
  });

  test('schemas may be asynchronous', async () => {
    const late = job({
      class: 'Late',
      args: z.tuple([z.number().refine(async (n) => n > 1, 'too small')]),
      perform: async (n) => n,
    });
    // zod decides by itself whether it answers at once; the standard allows both.
    expect(await run(late, 2)).toBe(2);
    await expect(run(late, 1)).rejects.toThrow('args[0]: too small');
  });

  test('a schema that is none of a list is said so', () => {
    const odd = { '~standard': { version: 1, vendor: 'x', validate: () => ({ value: 5 }) } } as unknown as ArgsSchema;
    expect(() => run(job({ class: 'Odd', args: odd, perform: () => 1 }), 1)).toThrow('its schema returns no list');
  });

  test('without a schema no promise is added', () => {
    expect(run(job({ class: 'Sync', perform: (n: number) => n + 1 }), 1)).toBe(2);
  });
});

describe('enqueue', () => {
  test('sends class, queue and the arguments as given', async () => {
    const sent = recordSent();
    await typed.enqueue('21', {}, undefined);
    expect(sent).toEqual([{ queue: 'images', class: 'Resize', args: ['21', {}] }]);
    const big = job({ class: 'Big', queue: 'q', perform: (_id: bigint) => {} });
    await big.enqueue(12345678901234567890n);
    expect(sent[1]?.args).toEqual([12345678901234567890n]);
  });

  test('refuses what the worker would refuse, after JSON', async () => {
    const sent = recordSent();
    await expect(typed.enqueue('x', {})).rejects.toThrow('args[0]: ');
    const dated = job({ class: 'Dated', queue: 'q', args: z.tuple([z.date()]), perform: () => {} });
    await expect(dated.enqueue(new Date(0))).rejects.toThrow('args[0]: ');
    const plain = job({ class: 'Plain', queue: 'q', perform: (_n: number) => {} });
    await expect(plain.enqueue(Number.NaN)).rejects.toThrow('args[0] is NaN');
    expect(sent).toEqual([]);
  });

  test('says what is missing: the queue, the connection', async () => {
    await expect(job({ class: 'A', perform() {} }).enqueue()).rejects.toThrow('A has no queue');
    await expect(job({ class: 'A', queue: 'q', perform() {} }).enqueue()).rejects.toThrow('no Redis to enqueue to');
  });
});

test('job() refuses a definition without class or perform', () => {
  expect(() => job({ class: '', perform() {} })).toThrow('needs a class');
  expect(() => job({ class: 'A' } as never)).toThrow('needs a perform function');
});
