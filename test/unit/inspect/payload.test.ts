import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { argsText, readJob as readBytes } from '../../../src/inspect/payload.js';
import { decodePayload } from '../../../src/resque/codec.js';

const readJob = (payload: string) => readBytes(Buffer.from(payload));

const RAILS = (job: object) =>
  JSON.stringify({ class: 'ActiveJob::QueueAdapters::ResqueAdapter::JobWrapper', args: [job] });

describe('a payload', () => {
  test('of Ruby', () => {
    const payload = '{"class":"Archive","args":[35,"tar"]}';
    expect(readJob(payload)).toEqual({ class: 'Archive', enqueuedAt: undefined, problem: undefined, payload });
    expect(argsText(payload)).toBe('35,"tar"');
  });

  test('of ActiveJob is the job inside, with its time', () => {
    const payload = RAILS({
      job_class: 'Welcome',
      arguments: ['ada', 7],
      enqueued_at: '2026-11-24T03:24:12.942807221Z',
    });
    expect(readJob(payload)).toMatchObject({ class: 'Welcome', enqueuedAt: Date.UTC(2026, 10, 24, 3, 24, 12, 942) });
    expect(argsText(payload)).toBe('"ada",7');
  });

  test.each([
    '{"class":"A","args":[],"enqueued_at":1795491505.25}',
    '{"class":"A","args":[],"queue_time":1795491505.25}',
  ])('that says when it was pushed: %s', (payload) => expect(readJob(payload).enqueuedAt).toBe(1_795_491_505_250));

  test.each([
    ['garbage', /not strict JSON/],
    ['', /empty/],
    ['[1]', /an array, not an object/],
    ['null', /null, not an object/],
    ['{"args":[]}', /class is missing/],
    ['{"class":"","args":[]}', /no class/],
  ])('that is no job, %j, says why', (payload, problem) => {
    expect(readJob(payload)).toMatchObject({ class: '', payload, problem: expect.stringMatching(problem) });
  });

  test('keeps large integers exact, and no argument that looks like one becomes a number elsewhere', () => {
    expect(argsText('{"class":"A","args":[12345678901234567890,{"id":-9007199254740993}]}')).toBe(
      '12345678901234567890,{"id":-9007199254740993}',
    );
  });

  test("has no arguments where node-resque's record says {}", () => {
    expect(argsText('{"class":"A","args":{}}')).toBe('');
    expect(argsText('{"class":"A","args":{"a":1}}')).toBe('{"a":1}');
  });

  test.each([
    ['{"class":"E","args":{"a":1}}', /args are an object, not an array/],
    ['{"class":"E","args":"s"}', /args are a string, not an array/],
  ])('that a worker refuses keeps its class and is no job: %s', (payload, problem) => {
    expect(readJob(payload)).toMatchObject({ class: 'E', payload, problem: expect.stringMatching(problem) });
  });

  test('with bytes that are no UTF-8 is no job', () => {
    const bytes = Buffer.concat([Buffer.from('{"class":"E","args":["'), Buffer.from([0xff]), Buffer.from('"]}')]);
    expect(readBytes(bytes).problem).toBe('the payload is not valid UTF-8');
  });

  test('is a job exactly where the worker takes it for one', () => {
    const taken = (bytes: Buffer) => {
      try {
        return decodePayload(bytes, true).class !== '';
      } catch {
        return false;
      }
    };
    const member = fc.oneof(fc.json(), fc.constantFrom('[]', 'null', '"A"', '{}'));
    const bytes = fc.oneof(
      fc.uint8Array().map((all) => Buffer.from(all)),
      fc.tuple(member, member).map(([name, args]) => Buffer.from(`{"class":${name},"args":${args}}`)),
      fc
        .uint8Array({ maxLength: 3 })
        .map((all) => Buffer.concat([Buffer.from('{"class":"A","x":"'), all, Buffer.from('"}')])),
    );
    fc.assert(
      fc.property(bytes, (all) => {
        expect(readBytes(all).problem === undefined).toBe(taken(all));
      }),
    );
  });

  test('of any kind is read without an error', () => {
    const any = fc.oneof(
      fc.string(),
      fc.json(),
      fc.json().map((args) => `{"class":"A","args":${args}}`),
      fc.constant(RAILS([])),
    );
    fc.assert(
      fc.property(any, (payload) => {
        readJob(payload);
        expect(typeof argsText(payload)).toBe('string');
      }),
    );
  });
});
