/** Traces through real processes: a producer, the daemon's child, a job that enqueues, and node-resque on either side. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import NodeResque from 'node-resque';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { projectRoot, run, runCli, writeJobs } from '../support/cli.js';
import { assertConserved } from '../support/conservation.js';
import { tempDir } from '../support/reaper.js';
import { startRedis, type TestRedis } from '../support/redis.js';

interface Seen {
  readonly name: string;
  readonly trace: string;
  readonly id: string;
  readonly parent?: string;
  readonly links: readonly { readonly trace: string; readonly id: string }[];
  readonly status: number;
  readonly events: readonly string[];
  readonly class?: string;
}

let redis: TestRedis;
const dir = tempDir('tracing');
beforeAll(async () => {
  redis = await startRedis({ port: true });
  const sdk = JSON.stringify(import.meta.resolve('@opentelemetry/sdk-trace-node'));
  const api = JSON.stringify(import.meta.resolve('@opentelemetry/api'));
  writeJobs(dir, {
    // As the README has it: loaded before everything else, in each process.
    'otel.mjs': `
      import { appendFileSync } from 'node:fs';
      import { NodeTracerProvider, SimpleSpanProcessor } from ${sdk};
      const idOf = ({ traceId, spanId }) => ({ trace: traceId, id: spanId });
      const show = (span) => JSON.stringify({
        name: span.name, ...idOf(span.spanContext()), parent: span.parentSpanContext?.spanId,
        links: span.links.map((link) => idOf(link.context)), status: span.status.code,
        events: span.events.map((event) => event.name), class: span.attributes['messaging.resque.job_class'],
      });
      const exporter = {
        export(spans, done) {
          for (const span of spans) appendFileSync(process.env.SPANS, show(span) + '\\n');
          done({ code: 0 });
        },
        shutdown: async () => {},
      };
      new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }).register();
    `,
    'jobs/jobs.ts': `
      import { appendFileSync } from 'node:fs';
      import { subscribe } from 'node:diagnostics_channel';
      import { setTimeout as sleep } from 'node:timers/promises';
      import { trace } from ${api};
      import { enqueue } from 'tsworker';
      subscribe('tracing:tsworker:job:asyncEnd', ({ class: name, outcome }: any) => {
        appendFileSync(process.env.HEARD, name + ' ' + outcome + '\\n');
      });
      export async function First(queue: string) {
        await sleep(5);
        trace.getTracer('app').startSpan('inner').end();
        await enqueue({ queue, class: 'Second', args: [1] });
      }
      export async function Second() {}
      export async function Foreign() { throw new TypeError('no'); }
    `,
  });
});
afterAll(() => redis.stop());
beforeEach(() => redis.client.flushAll());

/** The files of one test, and the environment that names them. */
function traced(name: string) {
  const [spans, heard] = [join(dir, `${name}-spans`), join(dir, `${name}-heard`)];
  const read = (file: string) => (existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : []);
  return {
    env: { SPANS: spans, HEARD: heard, NODE_OPTIONS: `--import=${join(dir, 'otel.mjs')}` },
    spans: () => read(spans).map((line) => JSON.parse(line) as Seen),
    heard: () => read(heard),
  };
}

const work = (env: Readonly<Record<string, string>>) =>
  runCli([`-uri=${redis.uri}`, `-jobs=${join(dir, 'jobs')}`, '-queues=q', '-exit-on-complete'], { env });

const INDEX = JSON.stringify(join(projectRoot, 'dist/index.js'));
const PRODUCER = `
  import { close, enqueue, setSettings } from ${INDEX};
  setSettings({ uri: process.env.URI });
  await enqueue({ queue: 'q', class: 'First', args: [] });
  await close();
`;

async function produce(env: Readonly<Record<string, string>>): Promise<void> {
  const file = join(tempDir('producer'), 'main.mjs');
  writeJobs(join(file, '..'), { 'main.mjs': PRODUCER });
  const program = run(process.execPath, [file], { env: { ...env, URI: redis.uri } });
  expect(await program.exit(), program.output).toEqual({ code: 0, signal: null });
}

const nodeResque = () => ({ pkg: 'ioredis', host: '127.0.0.1', port: redis.port, namespace: 'resque' });

test('from the producer to the job, and from there to the job that it enqueues; node-resque beside them', async () => {
  const { env, spans, heard } = traced('chain');
  await produce(env);
  const queue = new NodeResque.Queue({ connection: nodeResque() }, {});
  await queue.connect();
  await queue.enqueue('q', 'Foreign', [1]);
  await queue.end();
  const daemon = work(env);
  expect((await daemon.exit()).code, daemon.output).toBe(0);
  await assertConserved(redis.client, 3);

  const only = (name: string, className?: string): Seen => {
    const found = spans().filter((span) => span.name === name && (className === undefined || span.class === className));
    expect(found, name).toHaveLength(1);
    return found[0];
  };
  const sent = only('send q', 'First');
  const first = only('process q', 'First');
  expect(first).toMatchObject({ links: [{ trace: sent.trace, id: sent.id }], status: 0 });
  expect(first.trace).not.toBe(sent.trace);
  expect(only('inner').parent).toBe(first.id);
  const sentOn = only('send q', 'Second');
  expect([sentOn.trace, sentOn.parent]).toEqual([first.trace, first.id]);
  expect(only('process q', 'Second').links).toEqual([{ trace: sentOn.trace, id: sentOn.id }]);
  expect(only('process q', 'Foreign')).toMatchObject({ links: [], status: 2, events: ['exception'] });
  expect(heard().sort()).toEqual(['First done', 'Foreign failed', 'Second done']);
});

test('a payload with a trace in it is worked by node-resque as any other', async () => {
  await produce(traced('foreign').env);
  const [payload] = await redis.client.lRange('resque:queue:q', 0, -1);
  expect(payload).toMatch(
    /^\{"class":"First","args":\[\],"traceparent":"00-[0-9a-f]{32}-[0-9a-f]{16}-01","enqueued_at":"[-0-9T:.]+Z"\}$/,
  );
  const seen: unknown[][] = [];
  const jobs = { First: { perform: async (...args: unknown[]) => void seen.push(args) } };
  const worker = new NodeResque.Worker({ connection: nodeResque(), queues: ['q'], timeout: 50 }, jobs);
  await worker.connect();
  const success = new Promise((resolve) => worker.once('success', resolve));
  await worker.start();
  await success;
  await worker.end();
  expect(seen).toEqual([[]]);
});

test('without an SDK the payload is what it always was, and nothing of OpenTelemetry is loaded', async () => {
  const file = join(dir, 'loaded.mjs');
  writeJobs(dir, {
    'loaded.mjs': `
      import { createRequire } from 'node:module';
      ${PRODUCER}
      const loaded = Object.keys(createRequire(import.meta.url).cache);
      console.log(loaded.filter((name) => name.includes('opentelemetry/api')).length);
    `,
  });
  const program = run(process.execPath, [file], { env: { URI: redis.uri } });
  expect((await program.exit()).code, program.output).toBe(0);
  expect(program.stdout).toBe('0\n');
  expect(await redis.client.lRange('resque:queue:q', 0, -1)).toEqual(['{"class":"First","args":[]}']);
});
