import { describe, expect, test } from 'vitest';
import { previewLibrary } from '../../../src/cli/preview.js';
import * as library from '../../../src/index.js';

describe('the library for the help page', () => {
  test('has every name of the real one', async () => {
    expect(Object.keys(await previewLibrary()).sort()).toEqual(Object.keys(library).sort());
  });
});
