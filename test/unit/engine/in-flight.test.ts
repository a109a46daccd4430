/** The jobs in flight of a process: every slot is in one state, every finish is sent until it is acknowledged. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { EngineEvents } from '../../../src/engine/events.js';
import { InFlight } from '../../../src/engine/in-flight.js';
import type { Run } from '../../../src/engine/run.js';
import type { Claim, Outcome } from '../../../src/job.js';

function claim(slot: number, token = `t${slot}`): Claim {
  return { slot, token, queue: 'q', payload: Buffer.from('{}'), strict: true };
}

/** Jobs that end when the test says so. */
function inFlightOf(concurrency = 10) {
  const acked: [string, Outcome['kind']][] = [];
  const events = new EngineEvents((error) => {
    throw error;
  }).on('acked', ({ token }, { kind }) => acked.push([token, kind]));
  const perform = () => new Promise<void>(() => {});
  const inFlight = new InFlight({ concurrency, perform, events, onChange: () => {} });
  const runOf = (slot: number) => inFlight.running().find((run) => run.claim.slot === slot) as Run;
  const end = (slot: number) => runOf(slot).settle({ kind: 'done' });
  return { inFlight, acked, end };
}

const slotsOf = (finishes: readonly { claim: Claim }[]) => finishes.map(({ claim: { slot } }) => slot);

test('a job is in its slot until it ends, its finish until it is taken; slots are taken from the lowest', () => {
  const { inFlight, end } = inFlightOf(4);
  expect(inFlight.takeIdle(3)).toEqual([0, 1, 2]);
  for (const slot of [0, 1, 2]) inFlight.run(claim(slot));
  expect([inFlight.busy, inFlight.idle, inFlight.toAck]).toEqual([3, 1, 0]);
  end(1);
  expect([inFlight.busy, inFlight.idle, inFlight.toAck]).toEqual([2, 1, 1]);
  expect(slotsOf(inFlight.takeToAck(10))).toEqual([1]);
  expect([inFlight.busy, inFlight.idle, inFlight.toAck]).toEqual([2, 1, 0]);
});

test('what a failed call took goes out first, marked as sent before', () => {
  const { inFlight, end } = inFlightOf();
  for (const slot of inFlight.takeIdle(2)) inFlight.run(claim(slot));
  end(1);
  const taken = inFlight.takeToAck(10);
  end(0);
  inFlight.unacked(taken);
  expect(slotsOf(inFlight.takeToAck(1))).toEqual([1]);
  expect([inFlight.wasResent('t1'), inFlight.wasResent('t1'), inFlight.wasResent('t0')]).toEqual([true, false, false]);
  expect(inFlight.toAck).toBe(1);
});

test('claims that are handed back go out before all others, the latest first', () => {
  const { inFlight, end } = inFlightOf();
  for (const slot of inFlight.takeIdle(4).slice(0, 1)) inFlight.run(claim(slot));
  end(0);
  inFlight.handBack([claim(1), claim(2)]);
  inFlight.handBack([claim(3)]);
  expect(slotsOf(inFlight.takeToAck(10))).toEqual([3, 2, 1, 0]);
  expect(inFlight.requeued).toBe(0);
});

describe('what Redis holds for slots in doubt', () => {
  test('our own finish is no claim; a newer claim shows that it was counted; nothing means idle', () => {
    const { inFlight, acked, end } = inFlightOf(4);
    for (const slot of inFlight.takeIdle(4).slice(1, 3)) inFlight.run(claim(slot, `old${slot}`));
    end(1);
    end(2);
    inFlight.doubt([0, 1, 2, 3]);
    expect(inFlight.doubtful(10)).toEqual([0, 1, 2, 3]);
    const held = [claim(1, 'old1'), claim(2, 'new2'), claim(3, 'new3')];
    const { unknown, free } = inFlight.learn([0, 1, 2, 3], held);
    expect(unknown.map(({ token }) => token)).toEqual(['new2', 'new3']);
    expect(free).toEqual([0]);
    expect(inFlight.hasDoubts).toBe(false);
    expect(acked).toEqual([['old2', 'done']]);
    expect(inFlight.takeToAck(10).map(({ claim: { token } }) => token)).toEqual(['old1']);
    expect(inFlight.toAck).toBe(0);
  });

  test('idle slots are doubted, all or some', () => {
    const { inFlight } = inFlightOf(5);
    inFlight.doubtIdle(new Set([1, 3]));
    expect([inFlight.doubtful(10), inFlight.takeIdle(10)]).toEqual([
      [1, 3],
      [0, 2, 4],
    ]);
    inFlight.giveBack([0, 2]);
    inFlight.doubtIdle();
    expect([inFlight.idle, inFlight.doubtful(10).sort()]).toEqual([0, [0, 1, 2, 3]]);
  });

  test('of 50,000 that ended in an outage, it looks at each a few times', () => {
    const count = 50_000;
    const { inFlight, end } = inFlightOf(count);
    let looks = 0;
    const counted = (slot: number, token: string): Claim =>
      Object.defineProperty(claim(slot, token), 'slot', {
        get: () => {
          looks++;
          return slot;
        },
      });
    for (const slot of inFlight.takeIdle(count)) inFlight.run(counted(slot, `t${slot}`));
    const slots = Array.from({ length: count }, (_, slot) => slot);
    for (const run of inFlight.running()) run.settle({ kind: 'done' });
    inFlight.doubt(slots);
    looks = 0;
    let unknown = 0;
    while (inFlight.hasDoubts) {
      const asked = inFlight.doubtful(1000);
      // Every other had been counted, and its slot claimed anew.
      const held = asked.map((slot) => counted(slot, slot % 2 ? `t${slot}` : `new${slot}`));
      unknown += inFlight.learn(asked, held).unknown.length;
    }
    let left = 0;
    for (let some = inFlight.takeToAck(1000); some.length > 0; some = inFlight.takeToAck(1000)) left += some.length;
    expect([unknown, left, inFlight.toAck]).toEqual([count / 2, count / 2, 0]);
    expect(looks).toBeLessThan(10 * count);
    expect(() => end(0)).toThrow();
  });
});

test('property: a slot is idle, doubted, running or waits for its finish to be acknowledged, and never two of these', () => {
  const step = fc.record({
    what: fc.constantFrom('claim', 'end', 'ack', 'lose', 'learn', 'reconnect'),
    n: fc.nat(6),
  } as const);
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 12 }), fc.array(step, { maxLength: 60 }), (concurrency, steps) => {
      const { inFlight, end } = inFlightOf(concurrency);
      let claims = 0;
      for (const { what, n } of steps) {
        // The engine makes no call while a slot is in doubt.
        if (inFlight.hasDoubts && ['claim', 'ack', 'lose'].includes(what)) continue;
        if (what === 'claim') {
          const [first, ...rest] = inFlight.takeIdle(n);
          inFlight.giveBack(rest);
          if (first !== undefined) inFlight.run(claim(first, `c${claims++}`));
        } else if (what === 'end') for (const run of inFlight.running().slice(0, n)) end(run.claim.slot);
        else if (what === 'ack') inFlight.giveBack(slotsOf(inFlight.takeToAck(n)));
        else if (what === 'lose') {
          const taken = inFlight.takeToAck(n);
          inFlight.unacked(taken);
          inFlight.doubt(slotsOf(taken));
        } else if (what === 'reconnect') inFlight.doubtIdle();
        else {
          const asked = inFlight.doubtful(n);
          // Even slots hold a claim that we do not know of.
          const { unknown, free } = inFlight.learn(
            asked,
            asked.filter((slot) => slot % 2 === 0).map((slot) => claim(slot, `c${claims++}`)),
          );
          inFlight.giveBack(free);
          for (const one of unknown) inFlight.run(one);
        }
        const running = slotsOf(inFlight.running());
        const doubted = inFlight.doubtful(concurrency);
        expect(new Set(running).size).toBe(inFlight.busy);
        expect(running.filter((slot) => doubted.includes(slot))).toEqual([]);
        // A slot in doubt may wait for its finish, and none is lost.
        expect(inFlight.idle + inFlight.busy + inFlight.toAck).toBeLessThanOrEqual(concurrency);
        expect(inFlight.idle + inFlight.busy + inFlight.toAck + doubted.length).toBeGreaterThanOrEqual(concurrency);
      }
    }),
  );
});
