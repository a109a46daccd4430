/** The liveness of workers, by the signs of life of each program. */
import { describe, expect, test } from 'vitest';
import {
  judge,
  judgeGoworker,
  type Machines,
  type OtherSigns,
  type Watch,
} from '../../../src/registry/processes/liveness.js';
import { type ClaimRecord, parseRecord } from '../../../src/resque/record.js';

const MINUTE = 60_000;
const NOW = Date.parse('2026-11-24T12:00:00Z');
const GO = 'web1:4711-3:high,high,low';
const POLLER = 'web1:4711-poller:high';
const RUBY = 'web1:4711:high';
const OURS = 'web1.ts:4711-3:high,low';
const GO_STARTED = '2026-11-24 06:00:50.462355261 +0300 MSK m=+0.016242135';
const OUR_STARTED = '2026-11-24 02:58:25 +0000';

function watch(more: Partial<Machines> = {}): Watch {
  const machines = { ours: new Set<string>(), gone: new Set<string>(), hostname: 'web9', pids: () => undefined };
  return { nowMs: NOW, pruneAfterMs: 5 * MINUTE, machines: { ...machines, ...more } };
}

const ago = (minutes: number) => NOW - minutes * MINUTE;

function record(runAtMinutes: number, token = ''): ClaimRecord | undefined {
  const runAt = new Date(ago(runAtMinutes)).toISOString().replace('Z', '462355+00:00');
  return parseRecord(Buffer.from(`{${token}"queue":"high","run_at":"${runAt}","payload":{"class":"J","args":[]}}`));
}

describe('by the heartbeat', () => {
  test.each([
    ['Ruby, fresh', RUBY, ago(4), 'alive'],
    ['Ruby, old', RUBY, ago(6), 'expired'],
    ['Ruby, none', RUBY, undefined, 'alive'],
    ['goworker, fresh', GO, ago(4), 'alive'],
    ['goworker, old', GO, ago(6), undefined],
    ['goworker, poller', POLLER, ago(6), undefined],
    ['node-resque', 'web1:4711+1:high', ago(6), 'expired'],
    ['an unknown form', 'strange', ago(6), 'expired'],
  ])('%s', (_, id, beat, verdict) => {
    expect(judge(id, beat, watch())).toBe(verdict);
  });

  test('a process of ours has none of goworker’s privileges, and is dead at once when it is gone', () => {
    const ours = new Set(['web1.ts:4711']);
    expect(judge(OURS, ago(6), watch({ ours }))).toBe('expired');
    expect(judge(OURS, ago(1), watch({ ours }))).toBe('alive');
    expect(judge(OURS, ago(1), watch({ ours, gone: ours }))).toBe('gone');
  });
});

describe('goworker, whose heartbeat is written once', () => {
  const judged = (beat: number, signs: Partial<OtherSigns>, more: Partial<Machines> = {}) =>
    judgeGoworker(GO, beat, { started: GO_STARTED, record: undefined, ...signs }, watch(more));

  test.each([
    ['has begun a job since', ago(6), { record: record(1) }, 'unknown'],
    ['has an old heartbeat and a job that is not', ago(24 * 60), { record: record(59) }, 'unknown'],
    ['took its job an hour ago', ago(24 * 60), { record: record(61) }, 'expired'],
    ['is idle, for however long: it has no job to lose', ago(24 * 60), { started: null }, 'unknown'],
    ['did beat again after it had begun its job', ago(6), { record: record(10) }, 'expired'],
    ['is ours: the start is in our form', ago(6), { started: OUR_STARTED }, 'expired'],
    ['is ours: its claim has a token', ago(6), { started: null, record: record(1, '"token":"a-1-3",') }, 'expired'],
  ] as const)('%s', (_, beat, signs, verdict) => {
    expect(judged(beat, signs)).toBe(verdict);
  });

  test.each([
    ['gone', 'web1', new Set([1, 4712]), 'gone'],
    ['there', 'web1', new Set([1, 4711]), 'unknown'],
    ['on another machine', 'web9', new Set([1]), 'unknown'],
    ['perhaps hidden from us', 'web1', undefined, 'unknown'],
  ])('its process is %s', (_, hostname, pids, verdict) => {
    expect(judged(ago(6), { record: record(1) }, { hostname, pids: () => pids })).toBe(verdict);
  });
});
