/** Adds scripts to package.json without changing the rest of its layout. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { addScripts } from '../../../src/init/plan.js';

const SCRIPTS = { worker: 'tsworker', 'worker:check': 'tsworker check' };

describe('the indent and the line ends stay', () => {
  test.each([
    ['two blanks', '{\n  "name": "x",\n  "scripts": {\n    "test": "vitest"\n  }\n}\n'],
    ['four blanks', '{\n    "scripts": {\n        "test": "vitest"\n    },\n    "files": [\n        "a"\n    ]\n}'],
    ['tabs', '{\n\t"scripts": {\n\t\t"test": "vitest"\n\t},\n\t"files": [\n\t\t"a"\n\t]\n}\n\n'],
    ['Windows', '{\r\n  "scripts": {\r\n    "test": "vitest"\r\n  }\r\n}\r\n'],
  ])('%s', (_, text) => {
    const { text: changed, added } = addScripts(text, SCRIPTS);
    expect(added).toEqual(['worker', 'worker:check']);
    const [indent] = /^[ \t]+(?="test")/m.exec(text) ?? [];
    const eol = text.includes('\r\n') ? '\r\n' : '\n';
    const lines = [`,${eol}${indent}"worker": "tsworker"`, `,${eol}${indent}"worker:check": "tsworker check"`];
    // What was added, and nothing else.
    expect(changed.replace(lines.join(''), '')).toBe(text);
    expect(JSON.parse(changed).scripts).toEqual({ test: 'vitest', ...SCRIPTS });
  });
});

test('makes scripts where there are none, and leaves one of the same name', () => {
  expect(JSON.parse(addScripts('{}', SCRIPTS).text)).toEqual({ scripts: SCRIPTS });
  const own = '{ "scripts": { "worker": "mine" } }';
  const { text, added } = addScripts(own, SCRIPTS);
  expect(added).toEqual(['worker:check']);
  expect(JSON.parse(text).scripts).toEqual({ worker: 'mine', 'worker:check': 'tsworker check' });
  expect(addScripts(text, SCRIPTS)).toEqual({ text, added: [] });
});

test('keeps every other key and value, whatever they are', () => {
  const manifest = fc.dictionary(
    fc.string().filter((key) => key !== 'scripts' && key !== '__proto__'),
    fc.jsonValue(),
  );
  const indent = fc.constantFrom(undefined, 1, 2, 4, '\t');
  fc.assert(
    fc.property(manifest, indent, (content, space) => {
      const { text } = addScripts(JSON.stringify(content, null, space), SCRIPTS);
      const { scripts, ...rest } = JSON.parse(text);
      expect(scripts).toEqual(SCRIPTS);
      expect(rest).toEqual(JSON.parse(JSON.stringify(content)));
    }),
  );
});

test.each([['{'], ['[]'], ['null'], ['{ // note\n }'], ['{"scripts": []}'], ['']])('refuses %j', (text) => {
  expect(() => addScripts(text, SCRIPTS)).toThrow(
    expect.objectContaining({ code: 'STATE', hint: expect.stringContaining('nothing was written') }),
  );
});
