/** One slot: its child, and the effects of a replacement, a death and a stop. */
import { expect, test } from 'vitest';
import { playSlot } from '../../support/played-children.js';
import { until } from '../../support/until.js';

const RESTART = { restart: true, afterMs: 0 };
/** A while that no test waits for. */
const LATER = { restart: true, afterMs: 3_600_000 };

test('it is filled again after each child that is to be followed, and left when one is not', async () => {
  const { slot, children } = playSlot();
  const run = slot.run();
  children[0].leave(RESTART);
  await until(() => children.length === 2);
  children[1].leave();
  await run;
  expect(children.map(({ trial }) => trial)).toEqual([false, false]);
});

test('a stop ends it when everybody has left, and cuts short the wait for the next', async () => {
  const { slot, children, stop } = playSlot();
  const run = slot.run();
  children[0].leave(LATER);
  await Promise.resolve();
  stop.abort();
  await run;
  expect(children).toHaveLength(1);
});

test('new first: the old child is told to end when the new one works, and the slot is over when both have left', async () => {
  const { slot, children, replacements, stop } = playSlot();
  const run = slot.run();
  children[0].becomeReady(true);
  const replaced = slot.replace('new-first');
  await until(() => children.length === 2);
  expect(children[1].trial).toBe(true);
  expect(slot.waitingFor?.pid).toBe(children[1].pid);
  expect(children[0].retired).toEqual([]);
  children[1].becomeReady(true);
  // At once: the old one may take as long as it likes.
  expect(await replaced).toBe(true);
  expect(children[0].retired).toHaveLength(1);
  await until(() => slot.waitingFor === undefined);
  expect(replacements).toEqual([[children[0].pid, children[1].pid]]);
  stop.abort();
  children[1].leave();
  let over = false;
  void run.then(() => {
    over = true;
  });
  await new Promise((resolve) => setImmediate(resolve));
  expect(over).toBe(false);
  children[0].leave(RESTART);
  await run;
  expect(children).toHaveLength(2);
});

test('new first: where the new one cannot start, the old one stays, and is followed as before', async () => {
  const { slot, children, stop } = playSlot();
  const run = slot.run();
  children[0].becomeReady(true);
  const replaced = slot.replace('new-first');
  await until(() => children.length === 2);
  children[1].leave(RESTART);
  expect(await replaced).toBe(false);
  expect(children[0].retired).toEqual([]);
  children[0].leave(RESTART);
  await until(() => children.length === 3);
  stop.abort();
  children[2].leave();
  await run;
});

test('new first: one that is still starting is waited for, since replacing it would start two', async () => {
  const { slot, children, stop } = playSlot();
  const run = slot.run();
  const replaced = slot.replace('new-first');
  await until(() => slot.waitingFor?.pid === children[0].pid);
  expect(children).toHaveLength(1);
  children[0].becomeReady(true);
  await until(() => children.length === 2);
  children[1].becomeReady(true);
  expect(await replaced).toBe(true);
  stop.abort();
  for (const child of children) child.leave();
  await run;
});

test('old first: the new child starts when the old one has left', async () => {
  const { slot, children, stop } = playSlot();
  const run = slot.run();
  children[0].becomeReady(true);
  const replaced = slot.replace('old-first');
  await until(() => children[0].retiring);
  expect(children).toHaveLength(1);
  expect(slot.waitingFor?.pid).toBe(children[0].pid);
  children[0].leave();
  await until(() => children.length === 2);
  expect(children[1].trial).toBe(false);
  children[1].becomeReady(true);
  expect(await replaced).toBe(true);
  stop.abort();
  children[1].leave();
  await run;
});

test('old first: a stop meanwhile starts nobody', async () => {
  const { slot, children, stop } = playSlot();
  const run = slot.run();
  const replaced = slot.replace('old-first');
  await until(() => children[0].retiring);
  stop.abort();
  children[0].leave();
  expect(await replaced).toBe(false);
  await run;
  expect(children).toHaveLength(1);
});

test('a replacement fills an empty slot at once: what was wrong may have been put right', async () => {
  const { slot, children, stop } = playSlot();
  const run = slot.run();
  children[0].leave(LATER);
  await Promise.resolve();
  const replaced = slot.replace('new-first');
  await until(() => children.length === 2);
  children[1].becomeReady(true);
  expect(await replaced).toBe(true);
  stop.abort();
  children[1].leave();
  await run;
  expect(await slot.replace('new-first')).toBe(false);
});

test('a slot that is closed lets its child end its jobs, and nobody follows', async () => {
  const { slot, children } = playSlot();
  const run = slot.run();
  children[0].becomeReady(true);
  slot.close();
  expect(children[0].retiring).toBe(true);
  children[0].leave(RESTART);
  await run;
  expect(children).toHaveLength(1);
});

test('closed in the middle of a replacement, nobody stays', async () => {
  const { slot, children } = playSlot();
  const run = slot.run();
  children[0].becomeReady(true);
  const replaced = slot.replace('new-first');
  await until(() => children.length === 2);
  slot.close();
  children[1].becomeReady(true);
  await replaced;
  await until(() => children[1].retiring);
  for (const child of children) child.leave(RESTART);
  await run;
  expect(children).toHaveLength(2);
});
