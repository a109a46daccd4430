import fc from 'fast-check';
import stringWidth from 'string-width';
import { describe, expect, test } from 'vitest';
import { styleOf } from '../../../src/cli/style.js';
import { listed } from '../../../src/cli/table.js';
import { harmless } from '../../../src/terminal-text.js';
import { fakeIo } from '../../support/io.js';

const COLUMNS = [
  { head: 'NAME', give: 1, least: 8 },
  { head: 'JOBS', align: 'right' },
  { head: 'TEXT', give: 2 },
  { head: 'MORE', drop: 1 },
] as const;

describe('a table', () => {
  test('is aligned, and one line a row', () => {
    const rows = [
      ['high', '1,204', 'a\nb', 'x'],
      ['low', '0', '', ''],
    ];
    expect(listed(COLUMNS, rows, fakeIo())).toBe(
      ['NAME   JOBS  TEXT  MORE', 'high  1,204  a b   x', 'low       0', ''].join('\n'),
    );
  });

  test('is cut on a terminal, the column that gives most first, then loses a column; piped it is whole', () => {
    const rows = [['a-name-that-is-long', '1', 'a text that is longer', 'more']];
    expect(listed(COLUMNS, rows, fakeIo({ terminal: true, columns: 40 }))).toContain(
      'a-name-that-is-long     1  a text…  more',
    );
    expect(listed(COLUMNS, rows, fakeIo({ terminal: true, columns: 22 }))).toContain('a-name-…     1  a tex…\n');
    expect(listed(COLUMNS, rows, fakeIo({ columns: 25 }))).toContain(
      'a-name-that-is-long     1  a text that is longer  more',
    );
  });

  test('fits any terminal of 24 columns or more, whatever its cells hold', () => {
    const cell = fc.oneof(
      fc.string({ maxLength: 60, unit: 'binary' }),
      fc.constantFrom('日本語のテキスト', '👩‍👩‍👧 family', 'e\u0301'),
    );
    fc.assert(
      fc.property(
        fc.array(fc.tuple(cell, fc.constant('12'), cell, cell), { maxLength: 5 }),
        fc.integer({ min: 24, max: 90 }),
        (rows, columns) => {
          const lines = listed(COLUMNS, rows, fakeIo({ terminal: true, columns }))
            .trimEnd()
            .split('\n');
          expect(lines).toHaveLength(rows.length + 1);
          for (const line of lines) expect(stringWidth(line), JSON.stringify(line)).toBeLessThanOrEqual(columns);
        },
      ),
    );
  });

  test('paints cells, and heads, where colours are wanted', () => {
    const coloured = fakeIo({ terminal: true, colour: true });
    const rows = [[{ text: 'lost', paint: styleOf(coloured).red }]];
    expect(listed([{ head: 'STATE' }], rows, coloured)).toBe('\u001b[1mSTATE\u001b[22m\n\u001b[31mlost\u001b[39m\n');
    expect(listed([{ head: 'STATE' }], [[{ text: 'lost', paint: styleOf(fakeIo()).red }]], fakeIo())).toBe(
      'STATE\nlost\n',
    );
  });
});

describe('cells of a megabyte', () => {
  const HUGE = [
    'x'.repeat(1_000_000),
    '\u001b[31m'.repeat(200_000),
    '日本'.repeat(500_000),
    '👩‍👩‍👧'.repeat(100_000),
    ' \n'.repeat(500_000),
    '\ud800'.repeat(1_000_000),
  ];

  test.each(HUGE.map((text) => [JSON.stringify(text.slice(0, 4)), text]))(
    'of %s are cut before they are measured',
    (_, text) => {
      for (const io of [fakeIo(), fakeIo({ terminal: true, columns: 80 })])
        expect(listed(COLUMNS, [[text, '1', text, text]], io).length).toBeLessThan(50_000);
    },
  );

  test('do not make 10,000 other rows as wide, and all rows are there', () => {
    const rows = Array.from({ length: 10_000 }, (_, i) => [`row ${i}`, String(i), 'é', '']);
    rows.push([HUGE[0], '1', HUGE[2], '']);
    const lines = listed(COLUMNS, rows, fakeIo()).trimEnd().split('\n');
    expect(lines).toHaveLength(10_002);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThan(3500);
  });

  test('leave short texts as they are', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 200 }), (text) => {
        expect(listed([{ head: 'TEXT' }], [[`${text}.`]], fakeIo())).toBe(`TEXT\n${harmless(`${text}.`)}\n`);
      }),
    );
  });
});
