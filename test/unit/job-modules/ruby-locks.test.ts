/** The lock keys of Ruby's plugins, and when they are released. */
import { expect, test } from 'vitest';
import { job } from '../../../src/job-modules/job.js';
import { lonerKey, resqueLockKeys, withReleases } from '../../../src/job-modules/ruby-locks.js';

test('the key of resque-loner', () => {
  // Made by Ruby: Digest::MD5.hexdigest(JSON.generate('class' => 'U', 'args' => [1, [['a', 2], ['b', 1]]]))
  const args = [1, { b: 1, a: 2 }];
  expect(lonerKey('low', { class: 'U', args })).toBe('loners:queue:low:job:1c4733d030a3dc0716d8a3e7ddef0f4a');
  expect(lonerKey('low', { class: 'U', args: [2n ** 64n] })).not.toBe(lonerKey('low', { class: 'U', args: [2 ** 64] }));
});

test('the key of resque-lock, for Ruby before 3.4 and after', () => {
  expect(resqueLockKeys({ class: 'L', args: [] })).toEqual(['lock:L-[]']);
  expect(resqueLockKeys({ class: 'L', args: [1, 'x', { k: null }] })).toEqual([
    'lock:L-[1, "x", {"k"=>nil}]',
    'lock:L-[1, "x", {"k" => nil}]',
  ]);
  const text = '"\\\u0000\u001f\u007f\u0080é#{a} # #$ #@\u001b\u0007\b\v\f\n\r\t';
  // Written by Ruby 3.1.
  const shown = '"\\"\\\\\\u0000\\u001F\\u007F\\u0080é\\#{a} # \\#$ \\#@\\e\\a\\b\\v\\f\\n\\r\\t"';
  expect(resqueLockKeys({ class: 'L', args: [text, true, 2n ** 64n, [[]]] })).toEqual([
    `lock:L-[${shown}, true, 18446744073709551616, [[]]]`,
  ]);
});

test('loner is freed before the job, resque-lock after it, also when it fails, and without Redis the job runs', async () => {
  const seen: unknown[] = [];
  const deleteKeys = async (names: readonly string[]) => {
    seen.push(...names);
    throw new Error('Redis is away');
  };
  const what = { job: { class: 'L', args: [] }, queue: 'q', deleteKeys };
  const boom = () => {
    seen.push('ran');
    throw new Error('boom');
  };
  await expect(withReleases(['loner', 'resque-lock'], what, boom)).rejects.toThrow('boom');
  expect(seen).toEqual([expect.stringMatching(/^loners:queue:q:job:/), 'ran', 'lock:L-[]']);
});

test('releases must name the plugins', () => {
  const wrong = { class: 'A', releases: ['lone'], perform: () => {} };
  expect(() => job(wrong as never)).toThrow("job() of A: releases must be a list of 'loner' and 'resque-lock'");
});
