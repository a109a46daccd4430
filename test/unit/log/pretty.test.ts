import fc from 'fast-check';
import { pino } from 'pino';
import { describe, expect, test } from 'vitest';
import { pretty } from '../../../src/log/pretty.js';

const WIDE = { colour: false, columns: 120 };

/** What pino makes of a call. */
function logged(log: (logger: pino.Logger) => void): string {
  const lines: string[] = [];
  log(pino({ timestamp: pino.stdTimeFunctions.isoTime, level: 'trace' }, { write: (text) => void lines.push(text) }));
  return lines.join('');
}

const at = (text: string) => text.replaceAll(/\d\d:\d\d:\d\d\.\d{3}/g, 'TIME');

describe('a line for people', () => {
  test('has time, level, message and fields', () => {
    const line = logged((log) => log.info({ queue: 'mail', ms: 12, args: '1,"a b"', none: null }, 'job done'));
    expect(at(pretty(line, WIDE))).toBe(`TIME INFO  job done  queue=mail ms=12 args='1,"a b"'\n`);
    const list = logged((log) => log.warn({ classes: ['A', 'B'], job: { class: 'A' } }, 'x\ny'));
    expect(at(pretty(list, WIDE))).toBe(`TIME WARN  x  classes=A,B job='{"class":"A"}'\n${' '.repeat(19)}y\n`);
  });

  test('is five lines at most for a failed job, and says where it failed', () => {
    const error = new TypeError('no price\nsecond line');
    error.stack = `TypeError: no price\nsecond line\n${Array.from({ length: 20 }, (_, i) => `    at f${i} (/app/jobs/a.ts:${i}:1)`).join('\n')}`;
    const text = pretty(
      logged((log) => log.error({ class: 'A', queue: 'q', err: error }, 'job failed')),
      WIDE,
    );
    expect(at(text)).toBe(
      [
        'TIME ERROR job failed  class=A queue=q',
        '                   TypeError: no price',
        '                     at f0 (/app/jobs/a.ts:0:1)',
        '                     at f1 (/app/jobs/a.ts:1:1)',
        '                     at f2 (/app/jobs/a.ts:2:1)',
        '',
      ].join('\n'),
    );
  });

  test('puts the fields that do not fit into a second one', () => {
    const line = logged((log) => log.info({ one: 'x'.repeat(30), two: 'y'.repeat(30) }, 'started'));
    expect(at(pretty(line, { colour: false, columns: 70 }))).toBe(
      `TIME INFO  started  one=${'x'.repeat(30)}\n${' '.repeat(19)}two=${'y'.repeat(30)}\n`,
    );
  });

  test('is coloured where that is wanted', () => {
    expect(
      pretty(
        logged((log) => log.error('no')),
        { ...WIDE, colour: true },
      ),
    ).toContain('\u001b[31mERROR\u001b[39m no');
  });

  test('is harmless, bounded and whole lines, whatever is logged', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary' }),
        fc.dictionary(fc.string({ unit: 'binary' }), fc.anything()),
        (msg, all) => {
          const line = JSON.stringify({ level: 30, time: 0, msg, all, ...all }, (_, value: unknown) =>
            typeof value === 'bigint' ? String(value) : value,
          );
          const text = pretty(line, WIDE);
          expect(text.endsWith('\n')).toBe(true);
          expect(text).not.toMatch(/[^\P{Cc}\n]|\p{Bidi_Control}/u);
        },
      ),
    );
    expect(pretty('no JSON\n', WIDE)).toBe('no JSON\n');
    const huge = logged((log) => log.info({ all: 'x'.repeat(1_000_000), many: Array(100_000).fill('y') }, 'z'));
    expect(pretty(huge, WIDE).length).toBeLessThan(400);
  });
});
