/** The rules about who may import whom, checked on the import lines. */
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

const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter((name) => /\.tsx?$/.test(name));
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
  const path = relative(SRC, join(SRC, dirname(file), name)).replace(/\.js$/, '.ts');
  return texts.has(`${path}x`) ? `${path}x` : path;
}

/** `hono/cookie` is a part of hono. */
const packageOf = (name: string) => name.split('/', name.startsWith('@') ? 2 : 1).join('/');
const folderOf = (path: string) => (path.includes('/') ? path.split('/')[0] : path);
const show = ({ file, target }: Import) => `${file} -> ${target}`;

test('the import lines are read at all', () => {
  expect(imports.length).toBeGreaterThan(100);
});

test('the command line loads little before it knows what is wanted: --version and work wait for it', () => {
  const loaded = new Set(['cli/main.ts']);
  for (const file of loaded)
    for (const { target, typeOnly, lazy } of imports.filter((one) => one.file === file))
      if (!typeOnly && !lazy) loaded.add(target);
  const folders = new Set([...loaded].filter((file) => !file.startsWith('node:')).map(folderOf));
  expect([...folders].sort()).toEqual([
    'cli',
    'config',
    'errors.ts',
    'fastest-levenshtein',
    'package-files.ts',
    'queue-patterns.ts',
    'terminal-text.ts',
    'version.ts',
  ]);
  const commands = [...loaded].filter((file) => file.startsWith('cli/commands/'));
  expect(commands.filter((file) => !/\/(definition|value-parsers)\.ts$/.test(file))).toEqual([]);
});

test('the engine knows nothing but itself, the vocabulary, thrown values, globals and services', () => {
  const allowed = new Set(['engine', 'job.ts', 'thrown.ts', 'service.ts', 'globals.ts', 'node:timers', 'node:events']);
  expect(
    imports.filter(({ file, target }) => folderOf(file) === 'engine' && !allowed.has(folderOf(target))).map(show),
  ).toEqual([]);
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
  ['dashboard', ['cli']],
])('only %s may be imported by %j', (target, importers) => {
  const wrong = imports.filter(
    (i) => folderOf(i.target) === target && folderOf(i.file) !== target && !importers.includes(folderOf(i.file)),
  );
  expect(wrong.filter(({ typeOnly, file }) => !(typeOnly && file === 'index.ts')).map(show)).toEqual([]);
});

test('the registry and its neighbours import downwards', () => {
  const below: Record<string, readonly string[]> = {
    resque: ['resque', 'queue-patterns.ts', 'redis', 'engine', 'job.ts', 'errors.ts', 'thrown.ts', 'config'],
    redis: ['redis', 'config', 'errors.ts'],
    recurring: ['recurring', 'resque', 'config', 'job.ts', 'errors.ts'],
    registry: ['registry', 'scheduler', 'resque', 'redis', 'job.ts', 'service.ts', 'thrown.ts'],
    inspect: [
      'inspect',
      'queue-patterns.ts',
      'active-job',
      'recurring',
      'registry',
      'resque',
      'redis',
      'job.ts',
      'thrown.ts',
      'errors.ts',
    ],
    check: [
      'check',
      'queue-patterns.ts',
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
    'active-job': ['active-job', 'errors.ts'],
    'job-modules': [
      'job-modules',
      'active-job',
      'recurring',
      'config',
      'resque',
      'engine',
      'typescript',
      'job.ts',
      'middleware.ts',
      'errors.ts',
      'thrown.ts',
    ],
    config: [
      'config',
      'recurring',
      'queue-patterns.ts',
      'typescript',
      'middleware.ts',
      'class-options.ts',
      'errors.ts',
    ],
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
    metrics: [
      'metrics',
      'queue-patterns.ts',
      'inspect',
      'resque',
      'redis',
      'registry',
      'engine',
      'job.ts',
      'service.ts',
    ],
    dashboard: [
      'queue-patterns.ts',
      'dashboard',
      'inspect',
      'registry',
      'resque',
      'redis',
      'config',
      'errors.ts',
      'format.ts',
      'json-text.ts',
      'package-files.ts',
      'shell-word.ts',
      'terminal-text.ts',
      'version.ts',
    ],
    // It serves pages and knows none.
    web: ['web', 'config', 'errors.ts', 'service.ts'],
    tracing: ['tracing', 'job-modules', 'resque', 'engine', 'job.ts', 'thrown.ts', 'version.ts'],
  };
  const wrong = imports.filter(({ file, target }) => {
    const allowed = below[folderOf(file)];
    // What stands below everything.
    const isOurs = /\.tsx?$/.test(target) && target !== 'globals.ts' && target !== 'package-files.ts';
    return allowed !== undefined && isOurs && !allowed.includes(folderOf(target));
  });
  expect(wrong.map(show)).toEqual([]);
});

test("the registry's folders import downwards", () => {
  const order = ['membership', 'heartbeat', 'recovery', 'processes'];
  const level = (path: string) => order.indexOf(path.split('/')[1] as string);
  const inside = (path: string) => path.startsWith('registry/') && level(path) >= 0;
  const between = imports.filter(({ file, target }) => inside(file) && inside(target));
  expect(between.length).toBeGreaterThan(10);
  expect(between.filter(({ file, target }) => level(target) < level(file)).map(show)).toEqual([]);
});

test('nothing imports in a circle, for a type or lazily either', () => {
  // How a command is typed is known before it is loaded, and what runs it takes the types of its flags from there.
  const edges = imports.filter(
    ({ file, target, lazy }) => /\.tsx?$/.test(target) && !(lazy && file.startsWith('cli/')),
  );
  const below = new Map<string, string[]>();
  for (const { file, target } of edges) below.set(file, [...(below.get(file) ?? []), target]);
  const reaches = (from: string, wanted: string, seen = new Set<string>()): boolean =>
    (below.get(from) ?? []).some((next) => {
      if (next === wanted) return true;
      return !seen.has(next) && reaches(next, wanted, seen.add(next));
    });
  expect(files.filter((file) => reaches(file, file))).toEqual([]);
});

test.each([
  ['engine', ['resque', 'job-modules', 'metrics', 'tracing']],
  ['metrics', ['supervisor']],
  ['redis', ['metrics']],
  ['registry', ['metrics']],
  ['job-modules', ['tracing']],
])('what others take from %s are types: %j', (target, takers) => {
  const values = imports.filter(
    (i) => takers.includes(folderOf(i.file)) && folderOf(i.target) === target && !i.typeOnly,
  );
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
    'dashboard/app.ts',
    'hono',
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

test('files of the package are found from package-files.ts: in dist/ a module stands elsewhere than in src/', () => {
  const others = files.filter((file) =>
    texts
      .get(file)
      ?.replace(/createRequire\(import\.meta\.url\)/g, '')
      .includes('import.meta.url'),
  );
  expect(others).toEqual(['package-files.ts']);
});

test('every package that is imported is a dependency, and every dependency is imported', () => {
  const manifest = JSON.parse(readFileSync(join(SRC, '../package.json'), 'utf8')) as {
    dependencies: Record<string, string>;
  };
  const used = imports
    .map(({ target }) => target)
    .filter((name) => !/\.tsx?$/.test(name) && !name.startsWith('node:'))
    .map(packageOf);
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

describe('the dashboard', () => {
  test('is loaded by `tsworker web` alone, and only when it is run', () => {
    const from = imports.filter(
      ({ file, target }) => folderOf(target) === 'dashboard' && folderOf(file) !== 'dashboard',
    );
    expect(from.filter(({ typeOnly }) => !typeOnly).map(show)).toEqual([
      'cli/commands/web/credentials.ts -> dashboard/guard/users.ts',
      'cli/commands/web/run.ts -> dashboard/server.ts',
    ]);
    const early = from.filter(({ lazy, file }) => !lazy && file !== 'cli/commands/web/credentials.ts');
    expect(early.map(show)).toEqual([]);
  });

  const of = (folder: string) => files.filter((file) => file.startsWith(`dashboard/${folder}`));

  test('its views know neither Redis nor HTTP, its guards no page', () => {
    const targets = (folder: string) =>
      imports
        .filter(({ file, typeOnly }) => file.startsWith(`dashboard/${folder}/`) && !typeOnly)
        .map(({ target }) => target);
    for (const target of targets('views')) expect(target).not.toMatch(/^(redis|registry|resque|node:|hono$|@hono)/);
    for (const target of targets('guard'))
      expect(target).not.toMatch(/^(inspect|dashboard\/(routes|views|actions|model))/);
  });

  test('nothing that is shown is markup: what comes from Redis or an address is text', () => {
    for (const file of of('')) {
      const text = texts.get(file) as string;
      expect(text, file).not.toMatch(/dangerouslySetInnerHTML|\braw\(|hono\/html|\.innerHTML|style=/);
      // An address is made by link(), is the name of an action, a word of ours, or a file of ours.
      if (file.startsWith('dashboard/views/'))
        for (const [, value] of text.matchAll(/\b(?:href|action|src)=\{([^}]*)/g))
          expect(value, `${file}: ${value}`).toMatch(
            /^(action$|back$|\(\w+\) => link\(|link\(|toQueue\(|href\b|column\.href|path$|assets\.path)/,
          );
    }
  });
});
