/** Runs without an engine, for tests of listeners. */
import { Run } from '../../src/engine/run.js';
import type { Claim } from '../../src/job.js';

/** A run of a job with this payload; the class is read from it, as the function's caller would. */
export function testRun(payload: unknown, more: Partial<Claim> = {}): Run {
  const bytes = Buffer.isBuffer(payload) ? payload : Buffer.from(JSON.stringify(payload));
  const run = new Run({ slot: 0, token: 't', queue: 'q', payload: bytes, strict: true, ...more }, 0, () => {});
  const { class: name } = Buffer.isBuffer(payload) ? { class: '' } : (payload as { class?: string });
  run.class = name ?? '';
  return run;
}
