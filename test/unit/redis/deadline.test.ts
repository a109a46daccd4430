/** A deadline that is only one source of a combined signal must survive the garbage collection. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { deadline, isTimeout, untilAborted } from '../../../src/redis/abortable.js';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

test('it aborts what waits for it, although nothing else refers to it', async () => {
  const never = new Promise(() => {});
  const waiting = untilAborted(never, AbortSignal.any([deadline(100), new AbortController().signal]));
  const collecting = setInterval(collectGarbage, 10);
  try {
    await expect(waiting).rejects.toMatchObject({ name: 'TimeoutError' });
  } finally {
    clearInterval(collecting);
  }
}, 5000);

test('its reason is a TimeoutError, after a millisecond at the earliest', async () => {
  const signal = deadline(-5);
  expect(signal.aborted).toBe(false);
  await expect(untilAborted(new Promise(() => {}), signal)).rejects.toMatchObject({ name: 'TimeoutError' });
  expect(isTimeout(signal)).toBe(true);
});
