import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Batch, batchesOf } from '../../../src/cli/commands/enqueue/batches.js';
import { linesOf } from '../../../src/cli/commands/enqueue/lines.js';

/** The bytes in pieces of these sizes. */
async function* pieces(bytes: Buffer, sizes: readonly number[]): AsyncGenerator<Buffer> {
  let from = 0;
  for (const size of sizes) {
    yield bytes.subarray(from, from + size);
    from += size;
  }
  yield bytes.subarray(from);
}

async function all<T>(source: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const one of source) found.push(one);
  return found;
}

function batches(text: string, queue?: string): Promise<Batch[]> {
  return all(batchesOf(linesOf(pieces(Buffer.from(text), [])), { queue }));
}

describe('lines', () => {
  test('are the same however they come in pieces', async () => {
    const texts = fc.array(fc.constantFrom('a', '\n', '\r\n', '\r', '\u2028', 'é', ' '), { maxLength: 30 });
    await fc.assert(
      fc.asyncProperty(texts, fc.array(fc.nat(6), { maxLength: 12 }), async (parts, sizes) => {
        const text = parts.join('');
        const lines = await all(linesOf(pieces(Buffer.from(text), sizes)));
        const wanted = text.split('\n');
        if (wanted[wanted.length - 1] === '') wanted.pop();
        expect(lines.map(({ bytes }) => bytes.toString())).toEqual(wanted.map((line) => line.replace(/\r$/, '')));
        expect(lines.map(({ number }) => number)).toEqual(wanted.map((_, i) => i + 1));
      }),
    );
  });
});

describe('batches', () => {
  test('hold a thousand jobs or a million characters, and know their last line', async () => {
    const small = Array.from({ length: 2300 }, (_, i) => `{"class":"A","args":[${i}],"queue":"q"}`);
    const found = await batches(`${small.slice(0, 1500).join('\n')}\n\n\n${small.slice(1500).join('\n')}\n`);
    expect(found.map(({ jobs, upTo }) => [jobs.length, upTo])).toEqual([
      [1000, 1000],
      [1000, 2002],
      [300, 2302],
    ]);
    expect(found.flatMap(({ jobs }) => jobs.map(({ payload }) => payload))).toEqual(
      small.map((_, i) => `{"class":"A","args":[${i}]}`),
    );
    const large = `{"class":"A","args":["${'x'.repeat(600_000)}"]}\n`.repeat(3);
    expect((await batches(large, 'q')).map(({ jobs }) => jobs.length)).toEqual([2, 1]);
  });

  test('skips a byte order mark', async () => {
    expect(await batches('\ufeff{"class":"A"}', 'q')).toEqual([
      { jobs: [{ queue: 'q', payload: '{"class":"A","args":[]}' }], upTo: 1 },
    ]);
  });

  test('stops at a line that is no job, with its number', async () => {
    const given: Batch[] = [];
    const good = '{"class":"A"}\n'.repeat(1500);
    const source = batchesOf(linesOf(pieces(Buffer.from(`${good}{"class":\n`), [])), { queue: 'q' });
    await expect(async () => {
      for await (const batch of source) given.push(batch);
    }).rejects.toThrow(/^line 1501: it is not JSON \(.+\)$/);
    expect(given.map(({ jobs, upTo }) => [jobs.length, upTo])).toEqual([[1000, 1000]]);
  });
});
