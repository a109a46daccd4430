/**
 * Finds and reads the configuration file, only in the working directory and its `config/`. Knows the keys, and not
 * the meaning of the values. The libraries that read files are loaded only if there is a file.
 */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { realpath } from 'node:fs/promises';
import { basename, dirname, extname, join, relative, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { stripVTControlCharacters } from 'node:util';
import { TsworkerError } from '../errors.js';
import type { CompileError } from '../typescript/compile-error.js';
import type { SettingKey } from './setting-definition.js';
import { SCHEMA, SETTING_KEYS } from './settings-table.js';
import { nearest } from './suggest.js';

export interface ConfigFile {
  /** The path for messages: relative to the working directory. */
  readonly name: string;
  /** Relative paths in the file are relative to this folder. */
  readonly folder: string;
  readonly values: Readonly<Partial<Record<SettingKey, unknown>>>;
  /** The path of the file, if it has middleware or options of classes: each worker process loads them from there itself. */
  readonly program?: string | undefined;
}

const RC = '.tsworkerrc';
const PACKAGE = 'package.json';
const NAMES = [
  ...['ts', 'js', 'mjs', 'cjs', 'json', 'yaml', 'yml'].map((ending) => `tsworker.config.${ending}`),
  RC,
  ...['json', 'yaml', 'yml', 'js', 'mjs', 'cjs', 'ts'].map((ending) => `${RC}.${ending}`),
];

/** The places that are searched, in order. */
export const SEARCH_PLACES: readonly string[] = Object.freeze([
  PACKAGE,
  ...NAMES,
  ...NAMES.map((name) => `config/${name}`),
]);

/** Reads `explicit`, or the first file that is found; undefined if there is none. */
export async function readConfigFile(cwd: string, explicit?: string): Promise<ConfigFile | undefined> {
  const path = explicit === undefined ? findConfigFile(cwd) : resolve(cwd, explicit);
  if (path === undefined) return undefined;
  const name = nameOf(path, cwd);
  if (!existsSync(path) || !statSync(path).isFile()) {
    throw new TsworkerError('USAGE', `the configuration file ${name} does not exist`);
  }
  const { middleware, classes, ...values } = checkObject(await parseFile(path, name), name);
  checkKeys(values, name);
  const hasProgram = middleware !== undefined || classes !== undefined;
  if (hasProgram && !/\.[cm]?[jt]s$/.test(path))
    throw noFunctions(middleware === undefined ? 'classes' : 'middleware', name);
  return { name, folder: projectOf(path), values, program: hasProgram ? path : undefined };
}

function noFunctions(key: 'middleware' | 'classes', name: string): TsworkerError {
  const other = {
    middleware: 'put the middleware into jobs/_middleware.ts',
    classes: 'give each class its own options',
  };
  return new TsworkerError('USAGE', `"${key}" in ${name}: a file of this kind cannot hold functions`, {
    hint: `write the configuration in TypeScript or JavaScript, or ${other[key]}`,
  });
}

/** The file that would be read, without reading it: two directory listings, and package.json for its key. */
export function findConfigFile(cwd: string): string | undefined {
  const present = new Set([...list(cwd), ...list(join(cwd, 'config')).map((name) => `config/${name}`)]);
  const place = SEARCH_PLACES.find((one) => present.has(one) && (one !== PACKAGE || hasKey(join(cwd, one))));
  return place === undefined ? undefined : join(cwd, place);
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** A package.json that does not parse counts as one without the key: npm reports it better. */
function hasKey(path: string): boolean {
  try {
    const content: unknown = JSON.parse(readFileSync(path, 'utf8'));
    return typeof content === 'object' && content !== null && Object.hasOwn(content, 'tsworker');
  } catch {
    return false;
  }
}

/** Modules are ours to load: cosmiconfig would only call us back, and is slower to import than they are to run. */
const LOADERS: Readonly<Record<string, (path: string) => Promise<unknown>>> = {
  '.ts': loadTypeScript,
  '.js': loadModule,
  '.mjs': loadModule,
  '.cjs': loadModule,
};

async function parseFile(path: string, name: string): Promise<unknown> {
  try {
    const load = LOADERS[extname(path)];
    if (load === undefined) return await loadData(path);
    return readFileSync(path, 'utf8').trim() === '' ? {} : await load(path);
  } catch (error) {
    const { reason, place = name } = await explain(error, path, name);
    throw new TsworkerError('USAGE', `the configuration file ${place} does not load: ${reason}`, { cause: error });
  }
}

async function loadData(path: string): Promise<unknown> {
  const { cosmiconfig } = await import('cosmiconfig');
  const found = await cosmiconfig('tsworker', { cache: false }).load(path);
  return found?.isEmpty ? {} : found?.config;
}

const same = (value: unknown) => value;
/**
 * What a configuration file imports as 'tsworker': the real package would bring the whole worker along. The file may also
 * name what its middleware needs (`Discard`, …), which is not called while the file is read.
 */
const STAND_IN = new Proxy<Record<string, unknown>>(
  { defineConfig: same, defineMiddleware: same },
  {
    get: (known, name) =>
      name in known || !/^[A-Z]/.test(String(name)) ? known[String(name)] : class extends Error {},
  },
);

/** cosmiconfig's own loader needs the typescript package, which a worker's image may not have. */
async function loadTypeScript(path: string): Promise<unknown> {
  const { typeScriptImporter } = await import('../typescript/import.js');
  const module = await typeScriptImporter({ tsworker: STAND_IN, modules: {} })(await realpath(path));
  return module.default;
}

/** cosmiconfig's own loader tries require when the import fails, and reports the wrong error. */
async function loadModule(path: string): Promise<unknown> {
  const module: { default?: unknown } = await import(pathToFileURL(path).href);
  return module.default;
}

/** Without any text of the file: it may be a password. */
async function explain(error: unknown, path: string, name: string): Promise<{ reason: string; place?: string }> {
  const reason = reasonOf(error);
  const compiled =
    error instanceof SyntaxError && /js$/.test(path)
      ? await (await import('../typescript/syntax.js')).findSyntaxError(path)
      : error;
  if (compiled instanceof Error && compiled.name === 'CompileError') {
    const { message, file, position } = compiled as CompileError;
    return { reason: message, place: file === (await realpath(path)) ? position.replace(file, name) : position };
  }
  const line = /^ *> *(\d+) \|/m.exec(textOf(error))?.[1];
  return line === undefined ? { reason } : { reason, place: `${name}:${line}` };
}

function checkObject(values: unknown, name: string): Readonly<Record<string, unknown>> {
  if (typeof values !== 'object' || values === null || Array.isArray(values)) {
    throw new TsworkerError('USAGE', `the configuration file ${name} holds no settings`, {
      hint: 'it must be an object, in a module as its default export',
    });
  }
  return values as Readonly<Record<string, unknown>>;
}

function checkKeys(values: Readonly<Record<string, unknown>>, name: string): void {
  // The dashboard's: config/web.ts reads it.
  for (const key of Object.keys(values)) if (key !== 'web') checkKey(key, `in ${name}`);
}

/** Throws USAGE for a key that is not a setting; `where` is its place. */
export function checkKey(key: string, where: string): void {
  if (Object.hasOwn(SCHEMA, key)) return;
  // Users often write the name of the flag: -tls-cert is tlsCertPath here.
  const byFlag = SETTING_KEYS.find((one) => nearest(key, [SCHEMA[one].flag]) !== undefined);
  const meant = nearest(key, SETTING_KEYS) ?? byFlag;
  const guess = meant === undefined ? {} : { hint: `did you mean ${meant}?` };
  throw new TsworkerError('USAGE', `unknown key "${key}" ${where}`, guess);
}

function projectOf(path: string): string {
  const folder = dirname(path);
  return basename(folder) === 'config' ? dirname(folder) : folder;
}

function nameOf(path: string, cwd: string): string {
  const name = relative(cwd, path);
  return name.startsWith('..') ? path : name;
}

/** Without colours: the code frame has them on a terminal, and where CI is set. */
function textOf(error: unknown): string {
  return stripVTControlCharacters(error instanceof Error ? error.message : String(error));
}

/** The first line of the reason: the libraries add a code frame, and a heading with the path. */
function reasonOf(error: unknown): string {
  const text = textOf(error);
  const frame = /^\s*>?\s*\d* *\||^-*\^|^(JSON|YAML) Error in /;
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  const reason = (lines.find((line) => !frame.test(line)) ?? text).trim();
  return reason.replace(/ while parsing .*$/, '');
}
