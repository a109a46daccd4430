/** A reload over slots with fake children: its order, its limit, and its events. */
import { expect, test } from 'vitest';
import { SupervisorEvents } from '../../../src/supervisor/events.js';
import { Reload } from '../../../src/supervisor/reload.js';
import { type PlayedChild, type PlayedSlot, playSlot } from '../../support/played-children.js';
import { until } from '../../support/until.js';

function reloading(count: number, spare: number) {
  const events = new SupervisorEvents();
  const told: string[] = [];
  const text = (children: readonly { running: number }[]) => children.map(({ running }) => running).join();
  events.on('reloading', ({ children }) => told.push(`reloading ${children}`));
  events.on('reloadWaiting', ({ requested, replaced, total, waitingFor: { what, children } }) =>
    told.push(`${requested ? 'asked again' : 'waiting'}: ${replaced}/${total} ${what} ${text(children)}`),
  );
  events.on('reloaded', ({ draining }) => told.push(`reloaded, draining ${text(draining)}`));
  events.on('reloadFailed', ({ replaced }) => told.push(`failed after ${replaced}`));
  const stop = new AbortController();
  const slots: PlayedSlot[] = Array.from({ length: count }, () =>
    playSlot({ replacing: (old) => reload.drains(old as never), waiting: () => reload.tellWaiting() }, stop),
  );
  const reload: Reload = new Reload({
    ...{ slots: slots.map(({ slot }) => slot), spare: () => spare, events, stopped: stop.signal },
    classes: () => [],
  });
  const runs = slots.map(({ slot }) => slot.run());
  for (const { children } of slots) children[0].becomeReady(true);
  const all = () => slots.flatMap(({ children }) => children);
  /** The n-th child of a slot, when it is there. */
  const child = async (slot: number, n: number): Promise<PlayedChild> => {
    await until(() => slots[slot].children.length > n);
    return slots[slot].children[n];
  };
  const end = async () => {
    stop.abort();
    for (const one of all()) one.leave();
    await Promise.all(runs);
  };
  return { reload, told, child, all, end };
}

test('new children start one after the other, each when the one before is ready; old ones end side by side', async () => {
  const { reload, told, child, all, end } = reloading(3, Infinity);
  for (const old of all()) old.running = 1;
  const old = all();
  reload.request();
  for (const slot of [0, 1, 2]) {
    const next = await child(slot, 1);
    expect(all().filter(({ trial }) => trial)).toHaveLength(slot + 1);
    next.becomeReady(true);
    await until(() => old[slot].retiring);
  }
  await until(() => told.at(-1) === 'reloaded, draining 1,1,1');
  expect(told).toEqual(['reloading 3', 'reloaded, draining 1,1,1']);
  expect(reload.progress).toBeUndefined();
  await end();
});

test('no more of them than there are connections: the next waits until one has left, and says so', async () => {
  const { reload, told, child, all, end } = reloading(2, 1);
  const [first] = all();
  first.running = 2;
  reload.request();
  (await child(0, 1)).becomeReady(true);
  await until(() => told.length === 2);
  expect(told).toEqual(['reloading 2', 'waiting: 1/2 draining 2']);
  expect(all()).toHaveLength(3);
  reload.request();
  expect(told.at(-1)).toBe('asked again: 1/2 draining 2');
  first.leave();
  (await child(1, 1)).becomeReady(true);
  // The one that was asked for meanwhile.
  await until(() => told.includes('reloaded, draining '));
  await until(() => told.at(-1) === 'reloading 2');
  await end();
});

test('none to spare: each old one ends before the new one begins', async () => {
  const { reload, told, child, all, end } = reloading(2, 0);
  const [first, second] = all();
  first.running = 1;
  reload.request();
  await until(() => told.includes('waiting: 0/2 draining 1'));
  expect(second.retiring).toBe(false);
  first.leave();
  (await child(0, 1)).becomeReady(true);
  await until(() => second.retiring);
  second.leave();
  (await child(1, 1)).becomeReady(true);
  await until(() => told.at(-1) === 'reloaded, draining ');
  await end();
});

test('asked for again while a new child starts: that is what it waits for', async () => {
  const { reload, told, child, end } = reloading(1, Infinity);
  reload.request();
  await child(0, 1);
  reload.request();
  expect(told.at(-1)).toBe('asked again: 0/1 starting 0');
  await end();
});

test('new code that does not start leaves the others as they are', async () => {
  const { reload, told, child, all, end } = reloading(2, Infinity);
  const old = all();
  reload.request();
  (await child(0, 1)).becomeReady(true);
  (await child(1, 1)).leave({ restart: true, afterMs: 0 });
  await until(() => told.at(-1) === 'failed after 1');
  expect(old.map(({ retiring }) => retiring)).toEqual([true, false]);
  await end();
});

test('a stop ends it without a word', async () => {
  const { reload, told, child, end } = reloading(2, Infinity);
  reload.request();
  await child(0, 1);
  await end();
  await until(() => reload.progress === undefined);
  expect(told).toEqual(['reloading 2']);
});
