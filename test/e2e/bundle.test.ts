/** The built dist/: what is bundled, and how much of it each start loads. */
import { readdirSync, readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { projectRoot } from '../support/root.js';

const DIST = join(projectRoot, 'dist');
const texts = new Map(
  readdirSync(DIST)
    .filter((name) => name.endsWith('.js'))
    .map((name) => [name, readFileSync(join(DIST, name), 'utf8')]),
);

/** The file, and what it imports statically. */
function loadedBy(file: string, seen = new Set<string>()): ReadonlySet<string> {
  if (seen.has(file)) return seen;
  seen.add(file);
  for (const [, target] of textOf(file).matchAll(/^(?:import|export)\s[^;]*?["']\.\/([\w-]+\.js)["'];/gm))
    loadedBy(target, seen);
  return seen;
}

function textOf(file: string): string {
  const text = texts.get(file);
  if (text === undefined) throw new Error(`dist/${file} is missing`);
  return text;
}

/** The files that hold this source file. */
const holders = (source: string) =>
  [...texts].filter(([, text]) => text.includes(`\n// ${source}\n`)).map(([name]) => name);
const CLIENT = 'node_modules/@redis/client/dist/lib/client/index.js';

test.each([CLIENT, 'src/errors.ts', 'src/globals.ts', 'src/job-modules/global-registrations.ts'])(
  'there is one %s, whoever imports it',
  (source) => {
    expect(holders(source)).toHaveLength(1);
  },
);

test('every file that is imported is there', () => {
  for (const [name, text] of texts)
    for (const [, target] of text.matchAll(/(?:from|import)\s?\(?["']\.\/([\w-]+\.js)["']/g))
      expect(texts.has(target), `${name} -> ${target}`).toBe(true);
});

test('packages that are bundled are imported by nobody, the others lazily', () => {
  const outside = [...texts.values()].flatMap((text) => [...text.matchAll(/^import .*?["']([^."'][^"']*)["'];$/gm)]);
  const packages = outside.map(([, name]) => name).filter((name) => !isBuiltin(name));
  expect([...new Set(packages)]).toEqual(['@opentelemetry/api']);
  for (const entry of ['cli.js', 'index.js', 'child.js', 'thread.js'])
    expect([...loadedBy(entry)].filter((file) => /^import .*"@opentelemetry\/api"/m.test(textOf(file)))).toEqual([]);
});

test('the command line knows neither Redis client nor yargs before it knows the command', () => {
  const [main] = holders('src/cli/main.ts');
  const loaded = [...loadedBy(main)];
  expect(loaded).not.toContain(holders(CLIENT)[0]);
  expect(loaded).not.toContain(holders('src/cli/program.ts')[0]);
  expect(loaded.reduce((sum, file) => sum + textOf(file).length, 0)).toBeLessThan(200_000);
});

test('a program that imports the library is no command line', () => {
  expect([...loadedBy('index.js')].filter((file) => textOf(file).includes('\n// src/cli/'))).toEqual([]);
});

test('the licences of the bundled packages are beside them', () => {
  const licences = readFileSync(join(DIST, 'licences.txt'), 'utf8');
  for (const name of ['@redis/client', 'yargs', 'pino', 'cosmiconfig', 'string-width'])
    expect(licences).toMatch(new RegExp(`^${name} [\\d.]+ \\(MIT\\)\n\n[^]{0,80}Copyright`, 'm'));
});
