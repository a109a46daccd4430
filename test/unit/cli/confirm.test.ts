import { describe, expect, test } from 'vitest';
import { confirm } from '../../../src/cli/confirm.js';
import { fakeIo } from '../../support/io.js';

describe('on a terminal', () => {
  test.each([
    ['y\n', true],
    ['YES\n', true],
    ['n\n', false],
    ['\n', false],
    ['yesterday\n', false],
    ['', false],
  ])('%j is %s', async (typed, expected) => {
    const io = fakeIo({ terminal: true, interactive: true });
    io.input.end(typed);
    expect(await confirm(io, 'remove 3 jobs', undefined)).toBe(expected);
    expect(io.texts.err).toContain('remove 3 jobs? [y/N] ');
  });
});

test('--yes asks nobody', async () => {
  const io = fakeIo();
  expect(await confirm(io, 'remove 3 jobs', true)).toBe(true);
  expect(io.texts.err).toBe('');
});

test('where nobody can be asked it is refused, with what to add', async () => {
  await expect(confirm(fakeIo(), 'remove 3 jobs', undefined)).rejects.toMatchObject({
    code: 'USAGE',
    message: 'remove 3 jobs: not a terminal: pass --yes to confirm',
  });
});
