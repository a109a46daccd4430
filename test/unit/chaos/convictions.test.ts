/** The chaos suite recognizes unjust convictions of poison pills. */
import { expect, test } from 'vitest';
import { judgeFailed, type Lives } from '../../chaos/harness/convictions.js';

const QUARANTINED = ', the last of them in quarantine, where it ran alone';
const entry = (processes: string, { id = 7, last = QUARANTINED } = {}) => ({
  id,
  class: 'Work',
  exception: 'PoisonPillError',
  error: `poison pill: 3 processes died within 72 hours while they ran this job (${processes})${last}: worker a.ts:3-0:q (pid 3 SIGKILL (signal 9))`,
});
const THREE = 'a.ts:1, b.ts:2, a.ts:3';

const lives = (second: string[], third: string[]): Lives =>
  new Map([
    [1, ['+5', '+7']],
    [2, second],
    [3, third],
  ]);

const judge = (processes: string, of: Lives) => judgeFailed([entry(processes)], of, new Set());

test('three processes died with it in flight, beside others and then alone', () => {
  expect(judge(THREE, lives(['+7', '+8'], ['+4', '-4', '+7']))).toEqual({ convicted: 1, edge: 0, faults: [] });
});

test('before it was in quarantine it may not have begun; where nobody saw the death, in it too', () => {
  expect(judge('a.ts:9, b.ts:2, a.ts:3', lives(['+8'], ['+7'])).faults).toEqual([]);
  expect(judge('a.ts:1, b.ts:2(expired), a.ts:3(gone)', lives(['+8'], ['+4', '-4'])).faults).toEqual([]);
});

test('a kill before its first line, or after its last, is on the edge; more than a few are a fault', () => {
  expect(judge(THREE, lives(['+7'], ['+8', '-8']))).toEqual({ convicted: 1, edge: 1, faults: [] });
  expect(judge(THREE, lives(['+7'], ['+7', '-7']))).toEqual({ convicted: 1, edge: 1, faults: [] });
  const many = judgeFailed([entry(THREE), entry(THREE), entry(THREE)], lives(['+8'], []), new Set());
  expect(many.faults).toEqual(['3 of 3 were convicted on the edge']);
});

test.each([
  ['a.ts:1, b.ts:2', lives(['+7'], ['+7']), 'not by three processes'],
  ['a.ts:1, b.ts:2, b.ts:2', lives(['+7'], ['+7']), 'not by three processes'],
  [THREE, lives(['+7'], ['+4', '+7']), '4 ran beside it at last'],
  [THREE, lives(['+7'], ['+7', '-7', '+8', '-8']), 'it had ended, and another ran, when the last process died'],
])('wrong: %s', (processes, of, fault) => {
  expect(judge(processes, of).faults).toEqual([expect.stringContaining(`7 was convicted, but ${fault}`)]);
});

test('wrong: a third death beside others, outside of the quarantine', () => {
  const { faults } = judgeFailed([entry(THREE, { last: '' })], lives(['+7'], ['+7']), new Set());
  expect(faults).toEqual([expect.stringContaining('7 was convicted, but not in quarantine')]);
});

test('any other failure is one of a culprit, or a fault', () => {
  const failure = { id: 1, class: 'Work', exception: 'TimeoutError', error: 'too long' };
  expect(judgeFailed([failure], new Map(), new Set()).faults).toEqual(['1 failed: TimeoutError: too long']);
  expect(judgeFailed([failure], new Map(), new Set(['Work'])).faults).toEqual([]);
});
