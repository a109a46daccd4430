#!/usr/bin/env node
/**
 * Writes dist/ as it is shipped: a few files in place of a thousand, so that a start reads little. Entry points, and what is
 * imported lazily, load only what they need. Not minified: a stack of ours is to be read. The types come from `tsc`.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { build } from 'rolldown';

const SCRIPTS = 'resque/scripts';

await build({
  input: {
    cli: 'src/cli/start.ts',
    index: 'src/index.ts',
    child: 'src/processes/start-child.ts',
    dashboard: 'src/dashboard/mount.ts',
    thread: 'src/registry/heartbeat/thread.ts',
  },
  platform: 'node',
  // OpenTelemetry's API is to be the application's own, which its SDK came with. cosmiconfig's compiler is never used.
  external: ['@opentelemetry/api', 'typescript'],
  // What some import lazily others have loaded anyway.
  checks: { ineffectiveDynamicImport: false },
  plugins: [smallerRedisClient(), requiredJiti(), lateSegmenter(), luaScripts(), licences()],
  output: {
    dir: 'dist',
    cleanDir: true,
    // All in one folder: src/package-files.ts finds the package's files from there.
    entryFileNames: '[name].js',
    chunkFileNames: '[name]-[hash].js',
    sourcemap: true,
    codeSplitting: {
      // What starts together. Each with what it imports, as far as no earlier one has it.
      groups: [
        { name: 'settings', test: /src\/(config\/load|version|terminal-text|format)\.ts$/ },
        { name: 'frame', test: /src\/cli\/main\.ts$/ },
        { name: 'job-modules', test: /src\/job-modules\/(flags|job|verdicts)\.ts$/ },
        { name: 'client', test: /node_modules\/@redis\/client\// },
        { name: 'redis', test: /src\/(redis|resque|registry|inspect|scheduler)\/(?!heartbeat\/thread\.ts)/ },
        { name: 'worker', test: /src\/processes\/worker-process\.ts$/ },
      ],
    },
  },
});

/**
 * The Redis client without what we never call, which is two thirds of what a start would read and keep in memory. We send
 * every command through sendCommand, so of its table of 500 only those stay that the client sends itself. Cluster and
 * Sentinel are reached in src/redis, not by its classes.
 */
function smallerRedisClient() {
  return {
    name: 'smaller-redis-client',
    load(id) {
      const file = /@redis\/client\/dist\/lib\/(.*)\.js$/.exec(id)?.[1];
      if (file === 'cluster/index' || file === 'sentinel/index') return 'exports.default = {};';
      return file === 'commands/index' ? commandTable(join(dirname(id), '../client/index.js')) : null;
    },
  };
}

function commandTable(client) {
  const used = readFileSync(client, 'utf8').matchAll(/\bcommands_\d+\.default\.(\w+)/g);
  const names = [...new Set([...used].map(([, name]) => name))];
  if (names.length === 0) throw new Error(`which commands does ${client} send itself? It is not written as it was`);
  const members = names.map((name) => `${name}: require('./${name}').default`);
  return `exports.__esModule = true; exports.default = exports.NON_STICKY_COMMANDS = { ${members.join(', ')} };`;
}

/**
 * jiti stays outside: it finds its compiler by path. Were it imported, Node would first search all of it for what it exports,
 * which takes longer than to run it.
 */
function requiredJiti() {
  const id = '\0jiti';
  return {
    name: 'required-jiti',
    resolveId: (name) => (name === 'jiti' ? id : null),
    load: (name) =>
      name === id
        ? "import { createRequire } from 'node:module'; export const { createJiti } = createRequire(import.meta.url)('jiti');"
        : null,
  };
}

/** string-width makes one when it is loaded, which takes 8 ms, and few texts need it. */
function lateSegmenter() {
  const early = 'const segmenter = new Intl.Segmenter();';
  const late = 'let made; const segmenter = { segment: (text) => (made ??= new Intl.Segmenter()).segment(text) };';
  return {
    name: 'late-segmenter',
    transform(code, id) {
      if (!/\/string-width\/index\.js$/.test(id)) return null;
      if (!code.includes(early))
        throw new Error(`${id} is not written as it was: does it still make a segmenter early?`);
      return { code: code.replace(early, late), map: null };
    },
  };
}

function luaScripts() {
  return {
    name: 'lua-scripts',
    generateBundle() {
      const files = readdirSync(join('src', SCRIPTS), { recursive: true }).filter((file) => file.endsWith('.lua'));
      for (const file of files)
        this.emitFile({
          type: 'asset',
          fileName: `${SCRIPTS}/${file}`,
          source: readFileSync(join('src', SCRIPTS, file), 'utf8'),
        });
    },
  };
}

/** What the licences of the bundled packages ask for: their text goes where the code goes. */
function licences() {
  return {
    name: 'licences',
    generateBundle(_options, bundle) {
      const modules = Object.values(bundle).flatMap((file) => (file.type === 'chunk' ? file.moduleIds : []));
      const assets = Object.values(JSON.parse(readFileSync('src/dashboard/assets/packages.json', 'utf8')));
      const files = [...modules, ...assets.map((path) => resolve('node_modules', path))];
      const folders = new Set(files.flatMap((id) => /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+/.exec(id) ?? []));
      const texts = [...folders].sort().map(licenceOf);
      this.emitFile({ type: 'asset', fileName: 'licences.txt', source: texts.join(`\n${'-'.repeat(80)}\n\n`) });
    },
  };
}

function licenceOf(folder) {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const file = readdirSync(folder).find((one) => /^licen[cs]e/i.test(one));
  const text = file === undefined ? unshipped(name, license) : readFileSync(join(folder, file), 'utf8');
  return `${name} ${version} (${license})\n\n${text.trim()}\n`;
}

/** A package that names its licence and does not ship the text. */
function unshipped(name, licence) {
  const holder = { '@redis/client': 'Copyright (c) 2022-2025, Redis, inc.' }[name];
  if (holder === undefined || licence !== 'MIT') throw new Error(`${name} ships no licence text: look it up`);
  return readFileSync('LICENSE', 'utf8').replace(/^Copyright.*$/m, holder);
}
