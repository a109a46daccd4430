/** Arbitrary payloads in a queue: nothing crashes, everything is processed or in failed, and no byte changes. */
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runCli, writeJobs } from '../support/cli.js';
import { assertConserved, leftoverKeys } from '../support/conservation.js';
import { tempDir } from '../support/reaper.js';
import { startRedis, type TestRedis } from '../support/redis.js';

let redis: TestRedis;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis.stop());

const args = fc.array(fc.jsonValue(), { maxLength: 5 });
const known = args.map((a) => JSON.stringify({ class: 'Echo', args: a }));
const bigInteger = fc
  .bigInt({ min: -(2n ** 70n), max: 2n ** 70n })
  .map((n) => `{"class":"Echo","args":[${n},{"a":[${n}]}]}`);
const odd = fc.constantFrom(
  '{"class":"Echo"}',
  '{"class":"Echo","args":null}',
  '{"class":"Echo","args":{}}',
  '{"class":"Echo","args":"x"}',
  '{"class":5,"args":[]}',
  '{"class":null}',
  '{"__proto__":{"class":"Echo"}}',
  '{"class":"__proto__","args":[]}',
  '{"class":"constructor","args":[]}',
  '{"class":"Echo","args":[{"__proto__":{"x":1}}]}',
  '{"class":"Echo","args":[1.0,1e400,-0]}',
  '{"class":"Echo","args":["\\ud800"]}',
  '{"CLASS":"Echo","Args":[]}',
  '{"class":"Echo","args":[]} x',
  'null',
  '',
  ' ',
  '[]',
  '5',
  '"Echo"',
  '{}',
);
const nested = fc
  .integer({ min: 1, max: 3000 })
  .map((n) => `{"class":"Echo","args":[${'['.repeat(n)}${']'.repeat(n)}]}`);
const long = fc
  .constantFrom('x', 'é', '\\"', '😀')
  .map((c) => `{"class":"Echo","args":["${c.repeat(1_000_000 / c.length)}"]}`);
const bytes = fc.uint8Array({ maxLength: 60 }).map((b) => Buffer.from(b));
const text = fc.oneof(
  { weight: 8, arbitrary: known },
  { weight: 4, arbitrary: bigInteger },
  { weight: 4, arbitrary: odd },
  { weight: 2, arbitrary: nested },
  { weight: 4, arbitrary: fc.json() },
  { weight: 2, arbitrary: fc.string({ unit: 'binary' }) },
);
const payload = fc.oneof({ weight: 10, arbitrary: text.map((t) => Buffer.from(t)) }, { weight: 2, arbitrary: bytes });

test('2,000 random payloads', async () => {
  const seed = Date.now();
  const payloads = [
    ...fc.sample(payload, { numRuns: 1990, seed }),
    ...fc.sample(long, { numRuns: 10, seed }).map((t) => Buffer.from(t)),
  ];
  const jobs = writeJobs(tempDir('jobs'), {
    'echo.mjs': `
      import { createHash } from 'node:crypto';
      import { appendFileSync } from 'node:fs';
      const digest = (text) => createHash('sha1').update(text).digest('hex');
      export function Echo() { appendFileSync(process.env.OUT, digest(this.payload) + '\\n'); }
    `,
  });
  const out = `${tempDir('out')}/digests`;
  await redis.client.sAdd('resque:queues', 'q');
  for (const one of payloads) await redis.client.rPush('resque:queue:q', one);
  const run = runCli([`-uri=${redis.uri}`, `-jobs=${jobs}`, '-queues=q', '-exit-on-complete', '-log-level=fatal'], {
    env: { OUT: out },
  });
  const exit = await run.exit(60_000);
  expect(exit, `seed ${seed}\n${run.output}`).toEqual({ code: 0, signal: null });
  const counts = await assertConserved(redis.client, 2000);
  expect(counts.processed, `seed ${seed}`).toBeGreaterThan(500);
  expect(counts.failed, `seed ${seed}`).toBeGreaterThan(200);
  expect(await leftoverKeys(redis.client)).toEqual(['resque:failed']);
  expect(await lostBytes(payloads, out), `seed ${seed}`).toEqual([]);
}, 90_000);

/** Payloads that neither ran with exactly their bytes nor stand in `failed` with them. */
async function lostBytes(payloads: readonly Buffer[], out: string): Promise<string[]> {
  const { readFileSync } = await import('node:fs');
  const { createHash } = await import('node:crypto');
  const left = new Map<string, number>();
  const take = (digest: string) => left.set(digest, (left.get(digest) ?? 0) - 1);
  const digestOf = (bytes: Buffer | string) => createHash('sha1').update(bytes).digest('hex');
  for (const one of payloads) left.set(digestOf(one), (left.get(digestOf(one)) ?? 0) + 1);
  for (const digest of readFileSync(out, 'utf8').trimEnd().split('\n')) take(digest);
  for (const entry of await redis.client.lRange('resque:failed', 0, -1)) {
    const fields = JSON.parse(entry) as { payload: { class: string }; payload_base64?: string };
    expect(typeof fields.payload).toBe('object');
    if (fields.payload_base64 !== undefined) take(digestOf(Buffer.from(fields.payload_base64, 'base64')));
    else take(digestOf(entry.slice(entry.indexOf('"payload":') + 10, entry.lastIndexOf(',"exception":'))));
  }
  return [...left]
    .filter(([, n]) => n !== 0)
    .map(
      ([digest]) =>
        payloads
          .find((one) => digestOf(one) === digest)
          ?.toString()
          .slice(0, 200) ?? digest,
    );
}
