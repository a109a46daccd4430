import { describe, expect, test } from 'vitest';
import { FailedEntry, failureTime } from '../../../src/inspect/failed/entry.js';
import { matching } from '../../../src/inspect/failed/filter.js';
import { failureParts } from '../../../src/resque/failure.js';
import { asError } from '../../../src/thrown.js';

const RUBY =
  '{"failed_at":"2026/11/24 02:58:25 UTC","payload":{"class":"Archive","args":[12345678901234567890,1.0,"</b>"]},' +
  '"exception":"ArgumentError","error":"boom","backtrace":["job.rb:4:in perform"],"worker":"web1:4711:file_serve","queue":"file_serve"}';
const GOWORKER =
  '{"failed_at":"2026-11-24T05:58:25.123456789+03:00","payload":{"class":"Archive","args":["\\u003cb\\u003e"]},"exception":"Error",' +
  '"error":"boom\\ngoroutine 1 [running]:\\n\\tmain.go","backtrace":null,"worker":"web1:4711-0:q","queue":"q"}';
const NODE =
  '{"worker":"web1:4711","queue":"q","payload":{"class":"Archive","queue":"q","args":{}},"exception":"Error","error":"boom",' +
  '"backtrace":["at x"],"failed_at":"Tue Nov 24 2026 02:58:25 GMT+0000 (Coordinated Universal Time)"}';

function pushed(text: string | Buffer, to?: string): [string, string] | string {
  const raw = Buffer.from(text as string);
  const job = new FailedEntry(raw).requeue(to);
  if (typeof job === 'string') return job;
  const { payload } = job;
  return [job.queue, (Buffer.isBuffer(payload) ? payload : raw.subarray(payload.from, payload.to)).toString('latin1')];
}

describe('an entry', () => {
  test.each([
    ['Ruby', RUBY, 'file_serve', '{"class":"Archive","args":[12345678901234567890,1.0,"</b>"]}'],
    ['goworker', GOWORKER, 'q', '{"class":"Archive","args":["\\u003cb\\u003e"]}'],
    ['node-resque', NODE, 'q', '{"class":"Archive","queue":"q","args":{}}'],
  ])('of %s is read, and its payload is cut out as it stands', (_, text, queue, payload) => {
    const entry = new FailedEntry(Buffer.from(text));
    expect(entry).toMatchObject({ class: 'Archive', queue, wrapper: undefined, unreadable: undefined });
    expect(entry.error).toMatch(/^boom/);
    expect(failureTime(entry)).toBe(Date.UTC(2026, 10, 24, 2, 58, 25) + (text === GOWORKER ? 123 : 0));
    expect(pushed(text)).toEqual([queue, payload]);
    expect(pushed(text, 'other')).toEqual(['other', payload]);
  });

  test('shows its stack lines, whoever wrote them', () => {
    expect(new FailedEntry(Buffer.from(RUBY)).backtrace).toEqual(['job.rb:4:in perform']);
    expect(new FailedEntry(Buffer.from(GOWORKER)).backtrace).toEqual([]);
    expect(new FailedEntry(Buffer.from('{"backtrace":"a\\nb"}')).backtrace).toEqual(['a', 'b']);
  });

  test('of ours gives back the bytes of a payload that is no JSON', () => {
    const bytes = Buffer.from([0xff, 0x00, 0x22, 0x7b]);
    const failed = { workerId: 'h.ts:1-0:q', queue: 'q', failedAt: new Date(), raw: bytes };
    const { head, tail } = failureParts(asError(new Error('boom')), failed);
    expect(pushed(`${head}{"class":"InvalidPayload","args":["ÿ"]}${tail}`)).toEqual(['q', bytes.toString('latin1')]);
  });

  test('keeps payload bytes that are no UTF-8', () => {
    expect(pushed(Buffer.from('{"payload":{"class":"A","args":["\xff"]},"queue":"q"}', 'latin1'))).toEqual([
      'q',
      '{"class":"A","args":["\xff"]}',
    ]);
  });

  test('is cut where the payload is, not where its name stands in a text or further inside', () => {
    const text =
      '{"error":"\\"payload\\":{}","context":{"payload":{"class":"B"}},"payload" : {"class":"A"} ,"queue":"q"}';
    expect(pushed(text)).toEqual(['q', '{"class":"A"}']);
  });

  test.each([
    ['', 'it is empty'],
    ['{"payload":', 'it is no JSON object'],
    ['[1]', 'it is no JSON object'],
    ['{"queue":"q","payload":{"class":A}}', 'its payload is no JSON'],
    ['{"payload":{"class":"A"}}', 'it names no queue'],
    ['{"payload":{"class":"A"},"queue":null}', 'it names no queue'],
    ['{"queue":"q"}', 'it has no payload'],
    ['{"queue":"q","payload":null}', 'its payload is no job, but null'],
    ['{"queue":"q","payload":[1]}', 'its payload is no job, but [1]'],
    ['{"queue":"q","payload":{},"payload_base64":"%"}', 'its payload_base64 is not base64'],
    [Buffer.from('{"queue":"\xff","payload":{}}', 'latin1'), 'the name of its queue is not valid UTF-8'],
  ])('%j cannot be retried', (text, why) => {
    expect(pushed(text)).toBe(why);
  });

  test.each([
    ['2026/11/24 02:58:25 EST', Date.UTC(2026, 10, 24, 7, 58, 25)],
    ['2026/11/24 02:58:25 MSK', new Date(2026, 10, 24, 2, 58, 25).getTime()],
    ['2026/11/24 02:58:25 +04', Date.UTC(2026, 10, 23, 22, 58, 25)],
    ['yesterday', undefined],
    ['', undefined],
  ])('failed at %j', (failedAt, ms) => {
    expect(failureTime(new FailedEntry(Buffer.from(JSON.stringify({ failed_at: failedAt }))))).toBe(ms);
  });
});

describe('a filter', () => {
  const rails =
    '{"class":"ActiveJob::QueueAdapters::ResqueAdapter::JobWrapper","args":[{"job_class":"MyJob","arguments":[]}]}';
  const entries = {
    ruby: RUBY,
    node: NODE,
    rails: `{"failed_at":"2026/11/25 00:00:00 UTC","payload":${rails},"exception":"Net::Timeout","error":"took 30 s","queue":"mail","retried_at":"2026/11/25"}`,
    broken: 'not JSON',
  };
  const at = (text: string) => Date.parse(text);

  test.each([
    [{}, ['ruby', 'node', 'rails', 'broken']],
    [{ classes: ['Archive'] }, ['ruby', 'node']],
    [{ classes: ['MyJob', 'X'] }, ['rails']],
    [{ classes: ['ActiveJob::QueueAdapters::ResqueAdapter::JobWrapper'] }, ['rails']],
    [{ queues: ['q', 'mail'] }, ['node', 'rails']],
    [{ error: /30 S/i }, ['rails']],
    [{ error: '30 S' }, ['rails']],
    [{ error: 'boom.' }, []],
    [{ error: /^Argument.*: boom$/ }, ['ruby']],
    [{ since: at('2026-11-24T03:00:00Z') }, ['rails']],
    [{ before: at('2026-11-24T03:00:00Z') }, ['ruby', 'node']],
    [{ since: at('2026-11-24T00:00:00Z'), classes: ['Archive'], queues: ['q'] }, ['node']],
    [{ retried: true }, ['rails']],
    [{ retried: false }, ['ruby', 'node', 'broken']],
  ])('%j', (filter, names) => {
    const page = Object.values(entries).map((text, n) => ({ n, raw: Buffer.from(text) }));
    const found = matching(page, filter).map(({ listed }) => Object.keys(entries)[listed.n]);
    expect(found).toEqual(names);
  });
});
