/** What the payload of a Rails mailer costs the worker: to be read, decoded and called, beside a plain one. CPU time. */
import { pino } from 'pino';
import { decodeArguments } from '../../../src/active-job/decode.js';
import { encodeArguments } from '../../../src/active-job/encode.js';
import { Run } from '../../../src/engine/run.js';
import { createPerform } from '../../../src/job-modules/perform.js';
import { FunctionRegistry } from '../../../src/job-modules/registry.js';
import { encodePayload } from '../../../src/resque/codec.js';
import { figure } from '../harness/numbers.js';
import type { Report } from '../report/report.js';
import type { Bench } from './workload.js';

const SYMBOL = '{"_aj_serialized":"ActiveJob::Serializers::SymbolSerializer","value":"pdf"}';
const TIME = '{"_aj_serialized":"ActiveJob::Serializers::TimeSerializer","value":"2026-11-24T03:24:12.942807221Z"}';
/** A record, a text, an integer, a time, and keyword arguments. */
const FIVE = `{"_aj_globalid":"gid://shop/User/42"},"Invoice",7,${TIME},{"format":${SYMBOL},"_aj_ruby2_keywords":["format"]}`;
const MAILER = `["InvoiceMailer","created","deliver_now",{"args":[${FIVE}],"_aj_ruby2_keywords":["args"]}]`;
const HASH = `{"job_class":"Job","job_id":"bc430c10-eff9-4cf9-9e1e-2a3a326df544","provider_job_id":null,"queue_name":"mailers","priority":null,"arguments":${MAILER},"executions":0,"exception_executions":{},"locale":"en","timezone":"Europe/Moscow","enqueued_at":"2026-11-24T03:24:12.942807221Z","scheduled_at":null}`;
const WRAPPED = `{"class":"ActiveJob::QueueAdapters::ResqueAdapter::JobWrapper","args":[${HASH}]}`;
const PLAIN =
  '{"class":"Job","args":["gid://shop/User/42","Invoice",7,"2026-11-24T03:24:12.942807221Z",{"format":"pdf"}]}';

const TIMES = 20_000;

export async function activeJob({ rounds, say }: Bench): Promise<Report[]> {
  say('active-job');
  const decoded = decodeArguments(JSON.parse(MAILER)) as unknown[];
  const cases: readonly (readonly [string, () => unknown])[] = [
    ['a plain job with five arguments, run', runs(PLAIN)],
    ['a mailer of Rails with five arguments, run', runs(WRAPPED)],
    ['the arguments of the mailer, encoded', () => encodePayload('Job', encodeArguments(decoded))],
  ];
  const measured = cases.map(() => [] as number[]);
  for (let round = 0; round <= rounds; round++)
    cases.forEach(([, call], i) => {
      const us = microseconds(call);
      // The first one is for the compiler.
      if (round > 0) measured[i].push(us);
    });
  const rows = cases.map(([name], i) => ({ labels: { what: name }, figures: { us: figure(measured[i]) } }));
  const columns = [{ key: 'us', title: 'µs of CPU', digits: 1 }];
  const title = `The payload of ActiveJob (${WRAPPED.length} bytes), in the process that runs the job`;
  return [{ workload: 'active-job', title, labels: ['what'], columns, rows, notes: [] }];
}

function runs(payload: string): () => void {
  const functions = new FunctionRegistry();
  functions.add({ class: 'Job', fn: () => {} }, 'bench');
  const log = pino({ enabled: false });
  const options = { functions, useNumber: true, workerId: () => 'w', timeoutMs: 0, log, flags: {}, attempts: 1 };
  const perform = createPerform(options);
  const claim = { slot: 0, token: 't', queue: 'q', payload: Buffer.from(payload), strict: true };
  return () => new Run(claim, 0, ended).perform(perform);
}

function ended(_run: Run, { kind }: { kind: string }): void {
  if (kind !== 'done') throw new Error(`the job of the bench ended as ${kind}`);
}

function microseconds(call: () => unknown): number {
  const before = process.cpuUsage();
  for (let i = 0; i < TIMES; i++) call();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / TIMES;
}
