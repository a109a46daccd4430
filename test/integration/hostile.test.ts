/** Text in Redis, in a file or on the command line has no effect on the terminal that shows it. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { main } from '../../src/cli/main.js';
import { keys } from '../support/failed.js';
import { HOSTILE, UNSAFE } from '../support/hostile.js';
import { type FakeIo, fakeIo } from '../support/io.js';
import { tempDir } from '../support/reaper.js';
import { startRedis, type TestRedis } from '../support/redis.js';

let redis: TestRedis;
const cwd = tempDir('hostile');

beforeAll(async () => {
  redis = await startRedis({ port: true });
});
afterAll(() => redis?.stop());

/** @returns what was printed, without the orders of our own: those of a line that is drawn over */
async function run(argv: readonly string[], given: Parameters<typeof fakeIo>[0] = {}): Promise<string> {
  const io: FakeIo = fakeIo({ cwd, ...given });
  io.input.end('n\n');
  await main(argv, { REDIS_URL: redis.uri }, io);
  return `${io.texts.out}${io.texts.err}`.split(TO_LINE_END).map(withoutReturn).join('');
}

const TO_LINE_END = '\u001b[K';
const withoutReturn = (line: string, i: number, all: readonly string[]) =>
  i === all.length - 1 ? line : line.replace(/\r(?=[^\r]*$)/, '');

async function fill(text: string): Promise<void> {
  const { client } = redis;
  const job = { class: text, args: [text], created_at: text };
  const queue = `q${text}`;
  const worker = `${hostOf(text)}:4711:${queue}`;
  await client.flushAll();
  await client.sAdd(keys.queues, queue);
  await client.rPush(keys.queue(queue), [JSON.stringify(job), `{"class":"${text}"`, text]);
  await client.sAdd(keys.workers, [worker, text]);
  await client.set(keys.worker(worker), JSON.stringify({ queue, run_at: text, payload: job }));
  await client.set(keys.started(worker), text);
  await client.hSet(keys.heartbeats, worker, text);
  await client.set(keys.pause, text);
  const failure = { failed_at: text, exception: text, error: text, backtrace: [text], worker, queue, retried_at: text };
  await client.rPush(keys.failed, [JSON.stringify({ ...failure, payload: job }), text]);
}

const hostOf = (text: string) => `host${text.replaceAll(':', '')}`;

/** Every command, with the text in what is typed as well. */
const lines = (text: string): readonly (readonly string[])[] => [
  ...['status', 'queues', 'workers', 'failed', 'failed count', 'failed show 0', 'failed show 1', 'check', 'config']
    .map((line) => line.split(' '))
    .flatMap((words) => [words, [...words, '-json']]),
  ['queues', 'peek', `q${text}`],
  ['queues', 'peek', `q${text}`, '-json'],
  ['queues', 'peek', text],
  ['queues', 'remove', `q${text}`],
  ['workers', 'show', hostOf(text)],
  ['workers', 'show', text],
  ['workers', 'prune', '-dry-run'],
  ['workers', 'prune', '-dry-run', '-json'],
  ['failed', 'list', `-class=${text}`, `-error=${text}`],
  ['failed', 'list', `-error=/${text}/`],
  ['failed', 'retry', '-all', '-dry-run'],
  ['failed', 'retry', text],
  ['failed', 'remove', '0'],
  ['enqueue', text, '-queue=q', '-dry-run'],
  ['enqueue', 'A', `-queue=${text}`, '-dry-run'],
  ['enqueue', '-file=bad.ndjson', '-queue=q'],
  ['pause', text],
  ['status', `-uri=redis://${text}`],
  ['status', `-namespace=${text}`],
  ['config', `-label=${text}`, `-queues=${text}`],
  ['init', '-dry-run', text],
  ['completion', 'words', '--', 'queues', 'peek', ''],
  [text],
  [`-${text}`],
  ['help', text],
];

test('of every command', { timeout: 120_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(HOSTILE, fc.boolean(), async (text, terminal) => {
      await fill(text);
      writeFileSync(join(cwd, 'bad.ndjson'), `{"class":"A","args":[]}\n${text.replaceAll('\n', '')}{\n`);
      for (const argv of lines(text)) {
        const printed = await run(argv, { terminal, interactive: terminal, columns: 80 });
        const found = UNSAFE.exec(printed.replaceAll(/[\n\t]/g, ''));
        const what = `${JSON.stringify(argv)}:\n${JSON.stringify(printed)}`;
        expect(found === null ? '' : JSON.stringify(found[0]), what).toBe('');
      }
    }),
    { numRuns: 6 },
  );
});
