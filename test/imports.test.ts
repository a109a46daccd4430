/** The house rules about who may import whom, read from the import lines themselves. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

const SRC = fileURLToPath(new URL('../src', import.meta.url));

interface Import {
  readonly file: string;
  /** A path below src, or a package. */
  readonly target: string;
  readonly typeOnly: boolean;
  /** Loaded only when the line is reached. */
  readonly lazy: boolean;
}

const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
const texts = new Map(files.map((file) => [file, readFileSync(join(SRC, file), 'utf8')]));
const imports = files.flatMap((file) => importsOf(file, texts.get(file) as string));

function importsOf(file: string, text: string): Import[] {
  const lines = text.matchAll(/^(?:import|export)\s+(type\s+)?(?:[^'";]*?from\s+)?'([^']+)'/gm);
  const dynamic = text.matchAll(/import\('([^']+)'\)/g);
  const found = [...lines].map((match) => ({ typeOnly: match[1] !== undefined, lazy: false, name: match[2] }));
  found.push(...[...dynamic].map((match) => ({ typeOnly: false, lazy: true, name: match[1] })));
  return found.map(({ name, ...how }) => ({ file, ...how, target: targetOf(file, name) }));
}

function targetOf(file: string, name: string): string {
  if (!name.startsWith('.')) return name;
  return relative(SRC, join(SRC, dirname(file), name)).replace(/\.js$/, '.ts');
}

const room = (path: string) => (path.includes('/') ? path.split('/')[0] : path);
const show = ({ file, target }: Import) => `${file} -> ${target}`;

test('the import lines are read at all', () => {
  expect(imports.length).toBeGreaterThan(100);
});

test('the command line loads little before it knows what is wanted: --version and work wait for it', () => {
  const loaded = new Set(['cli/main.ts']);
  for (const file of loaded)
    for (const { target, typeOnly, lazy } of imports.filter((one) => one.file === file))
      if (!typeOnly && !lazy) loaded.add(target);
  const rooms = new Set([...loaded].filter((file) => !file.startsWith('node:')).map(room));
  expect([...rooms].sort()).toEqual([
    'cli',
    'config',
    'errors.ts',
    'fastest-levenshtein',
    'terminal-text.ts',
    'version.ts',
  ]);
  const commands = [...loaded].filter((file) => file.startsWith('cli/commands/'));
  expect(commands.filter((file) => !/\/(definition|value-parsers)\.ts$/.test(file))).toEqual([]);
});

test('the engine knows nothing but itself, the vocabulary, thrown values, globals and services', () => {
  const allowed = new Set(['engine', 'job.ts', 'thrown.ts', 'service.ts', 'globals.ts', 'node:timers', 'node:events']);
  expect(imports.filter(({ file, target }) => room(file) === 'engine' && !allowed.has(room(target))).map(show)).toEqual(
    [],
  );
});

test.each([
  ['cli', ['cli']],
  ['check', ['cli']],
  ['init', ['cli']],
  ['worker', ['processes', 'program', 'library']],
  ['program', ['processes', 'library', 'index.ts']],
  ['processes', ['cli', 'library']],
  ['library', ['index.ts']],
  ['supervisor', ['processes', 'log']],
])('only %s may be imported by %j', (target, importers) => {
  const wrong = imports.filter(
    (i) => room(i.target) === target && room(i.file) !== target && !importers.includes(room(i.file)),
  );
  expect(wrong.filter(({ typeOnly, file }) => !(typeOnly && file === 'index.ts')).map(show)).toEqual([]);
});

test('the registry and its neighbours import downwards', () => {
  const below: Record<string, readonly string[]> = {
    resque: ['resque', 'redis', 'engine', 'job.ts', 'errors.ts', 'thrown.ts', 'config'],
    redis: ['redis', 'config', 'errors.ts'],
    recurring: ['recurring', 'resque', 'config', 'errors.ts'],
    registry: ['registry', 'scheduler', 'resque', 'redis', 'service.ts', 'thrown.ts'],
    inspect: ['inspect', 'recurring', 'registry', 'resque', 'redis', 'job.ts', 'thrown.ts', 'errors.ts'],
    check: [
      'check',
      'inspect',
      'recurring',
      'registry',
      'resque',
      'redis',
      'job-modules',
      'config',
      'errors.ts',
      'format.ts',
    ],
    scheduler: ['scheduler', 'recurring', 'resque', 'redis', 'service.ts', 'thrown.ts'],
    init: ['init', 'job-modules', 'config', 'errors.ts'],
    'job-modules': [
      'job-modules',
      'recurring',
      'config',
      'resque',
      'engine',
      'typescript',
      'job.ts',
      'errors.ts',
      'thrown.ts',
    ],
    config: ['config', 'recurring', 'typescript', 'errors.ts'],
    typescript: ['typescript', 'version.ts'],
    log: [
      'log',
      'scheduler',
      'engine',
      'job.ts',
      'format.ts',
      'registry',
      'inspect',
      'config',
      'supervisor',
      'terminal-text.ts',
      'version.ts',
    ],
    // It knows no worker, only a file to start.
    supervisor: ['supervisor', 'registry', 'config', 'metrics', 'errors.ts', 'version.ts'],
    metrics: ['metrics', 'inspect', 'resque', 'redis', 'registry', 'engine', 'job.ts', 'service.ts'],
    // It serves pages and knows none.
    web: ['web', 'config', 'errors.ts', 'service.ts'],
    tracing: ['tracing', 'job-modules', 'resque', 'engine', 'job.ts', 'thrown.ts', 'version.ts'],
  };
  const wrong = imports.filter(({ file, target }) => {
    const allowed = below[room(file)];
    // What stands below everything.
    const isOurs = target.endsWith('.ts') && target !== 'globals.ts';
    return allowed !== undefined && isOurs && !allowed.includes(room(target));
  });
  expect(wrong.map(show)).toEqual([]);
});

test('what runs a worker, its processes and the library imports in no circle, lazily or for a type either', () => {
  const rooms = new Set(['worker', 'program', 'processes', 'library', 'supervisor', 'index.ts']);
  const reaches = (from: string, wanted: string, seen = new Set<string>()): boolean =>
    imports
      .filter(({ file, target }) => file === from && !seen.has(target) && target.endsWith('.ts'))
      .some(({ target }) => target === wanted || reaches(target, wanted, seen.add(target)));
  expect(files.filter((file) => rooms.has(room(file)) && reaches(file, file))).toEqual([]);
});

test.each([
  ['engine', ['resque', 'job-modules', 'metrics', 'tracing']],
  ['metrics', ['supervisor']],
  ['redis', ['metrics']],
  ['registry', ['metrics']],
  ['job-modules', ['tracing']],
])('what others take from %s are types: %j', (target, takers) => {
  const values = imports.filter((i) => takers.includes(room(i.file)) && room(i.target) === target && !i.typeOnly);
  expect(values.map(show)).toEqual([]);
});

test('start-up loads nothing of what only some ask for', () => {
  const loaded = new Set<string>();
  const load = (file: string): void => {
    if (loaded.has(file)) return;
    loaded.add(file);
    for (const i of imports) if (i.file === file && !i.typeOnly && !i.lazy) load(i.target);
  };
  for (const entry of [
    'cli/main.ts',
    'cli/commands/work/run.ts',
    'processes/supervisor-process.ts',
    'processes/child.ts',
    'index.ts',
  ])
    load(entry);
  expect(loaded).toContain('engine/engine.ts');
  for (const costly of [
    'metrics/exposition.ts',
    '@opentelemetry/api',
    'node:http',
    'yargs',
    'processes/http-endpoints.ts',
    'metrics/record.ts',
    'typescript/import.ts',
    'croner',
    'yaml',
  ])
    expect(loaded).not.toContain(costly);
});

test.each([
  ['@redis/client', ['redis/connection.ts']],
  ['pino', ['log/pino.ts']],
  ['yargs', ['cli/program.ts']],
  ['cosmiconfig', ['config/file.ts']],
  ['jiti', ['typescript/import.ts', 'typescript/syntax.ts']],
  ['get-tsconfig', ['typescript/tsconfig.ts']],
  ['fastest-levenshtein', ['config/suggest.ts']],
  ['@opentelemetry/api', ['tracing/api.ts']],
  ['node:http', ['web/server.ts']],
  ['string-width', ['cli/columns.ts']],
  ['croner', ['recurring/cron.ts']],
  ['yaml', ['cli/commands/schedule/act.ts', 'recurring/file.ts']],
])('%s has one door', (name, doors) => {
  const importers = imports.filter((i) => i.target === name && !i.typeOnly).map(({ file }) => file);
  expect([...new Set(importers)].sort()).toEqual(doors);
});

test('every package that is imported is a dependency, and every dependency is imported', () => {
  const manifest = JSON.parse(readFileSync(join(SRC, '../package.json'), 'utf8')) as {
    dependencies: Record<string, string>;
  };
  const used = imports.map(({ target }) => target).filter((name) => !name.endsWith('.ts') && !name.startsWith('node:'));
  expect([...new Set(used)].sort()).toEqual(Object.keys(manifest.dependencies).sort());
});

describe('processes', () => {
  const holders = (pattern: RegExp) => files.filter((file) => pattern.test(texts.get(file) as string)).sort();

  test('only a child exits its process, whatever the job modules left open', () => {
    expect(holders(/process\.exit\(/)).toEqual(['processes/child.ts']);
  });

  test('handlers of the process are in few places', () => {
    expect(holders(/(?<!#)\bprocess\.(on|once)\(/)).toEqual([
      'cli/interrupt.ts',
      'cli/screen.ts',
      'processes/child.ts',
      'processes/signals.ts',
      'worker/uncaught-errors.ts',
    ]);
  });
});
