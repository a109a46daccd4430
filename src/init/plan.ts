/** Plans which files are created and what they contain. Reads the folder and writes nothing. */
import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { findConfigFile } from '../config/file.js';
import { TsworkerError } from '../errors.js';
import { findModules } from '../job-modules/files.js';
import { PACKAGE_FOLDER } from '../package-files.js';
import {
  config,
  JOB,
  PACKAGE,
  PROCFILE,
  RAILS_JOB,
  RUBY_WELCOME,
  RUBY_WELCOMED,
  SCRIPTS,
  TSCONFIG,
} from './templates.js';

/** What init does with one file, as data, planned before anything is written. There is no `overwrite`. */
export type Step =
  | { readonly kind: 'create'; readonly file: string; readonly text: string; readonly about: string }
  /** Text is added to an existing file; its content stays. */
  | { readonly kind: 'change'; readonly file: string; readonly text: string; readonly about: string }
  | { readonly kind: 'keep'; readonly file: string; readonly about: string };

export interface PlanOptions {
  readonly folder: string;
  readonly procfile: boolean;
  readonly systemd: boolean;
  /** The example is a job of a Rails application. */
  readonly rails: boolean;
}

/** @throws TsworkerError STATE if package.json cannot be read; nothing is written then */
export async function planInit({ folder, procfile, systemd, rails }: PlanOptions): Promise<readonly Step[]> {
  const at = (file: string) => join(folder, file);
  return [
    packageStep(at('package.json')),
    ...(rails ? railsSteps(folder) : [await jobStep(folder)]),
    configStep(folder, rails ? 'typescript' : 'default'),
    newFile(folder, 'tsconfig.json', TSCONFIG, 'types for the editor and the compiler'),
    ...(procfile ? [procfileStep(at('Procfile'))] : []),
    ...(systemd ? [newFile(folder, 'tsworker.service', unitFor(folder), 'a systemd unit')] : []),
  ];
}

/** @param file relative to the folder */
function newFile(folder: string, file: string, text: string, about: string): Step {
  return existsSync(join(folder, file))
    ? { kind: 'keep', file, about: 'is there' }
    : { kind: 'create', file, text, about };
}

function packageStep(path: string): Step {
  const file = 'package.json';
  const there = existsSync(path);
  const { text, added } = addScripts(there ? readFileSync(path, 'utf8') : PACKAGE, SCRIPTS);
  if (!there) return { kind: 'create', file, text, about: `scripts ${added.join(', ')}` };
  if (added.length === 0) return { kind: 'keep', file, about: 'has the scripts' };
  return { kind: 'change', file, text, about: `scripts ${added.join(', ')} added` };
}

/**
 * @returns the text of package.json with the missing scripts, and their names; existing scripts, the indent and the line
 *   ends of the file stay
 * @throws TsworkerError STATE if the text or its scripts are not a JSON object
 */
export function addScripts(text: string, scripts: Readonly<Record<string, string>>): { text: string; added: string[] } {
  const manifest = manifestOf(text);
  const there = manifest.scripts ?? {};
  if (!isRecord(there)) throw refuse('"scripts" in package.json is no object');
  const added = Object.keys(scripts).filter((name) => !Object.hasOwn(there, name));
  if (added.length === 0) return { text, added };
  const all = { ...there, ...Object.fromEntries(added.map((name) => [name, scripts[name]])) };
  const json = JSON.stringify({ ...manifest, scripts: all }, null, /^([ \t]+)\S/m.exec(text)?.[1] ?? '  ');
  const end = /\s*$/.exec(text)?.[0] ?? '';
  return { text: (text.includes('\r\n') ? json.replaceAll('\n', '\r\n') : json) + end, added };
}

function manifestOf(text: string): Readonly<Record<string, unknown>> {
  let manifest: unknown;
  try {
    manifest = JSON.parse(text);
  } catch {
    throw refuse('package.json is no valid JSON');
  }
  if (!isRecord(manifest)) throw refuse('package.json holds no object');
  return manifest;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function refuse(message: string): TsworkerError {
  return new TsworkerError('STATE', message, { hint: 'correct it first; nothing was written' });
}

/** No example if there are job modules. */
async function jobStep(folder: string): Promise<Step> {
  const path = join(folder, 'jobs');
  const modules = existsSync(path) ? (await findModules(path)).files.length : 0;
  if (modules > 0)
    return { kind: 'keep', file: 'jobs', about: `has ${modules} ${modules === 1 ? 'module' : 'modules'}` };
  return newFile(folder, 'jobs/hello.ts', JOB, 'a first job');
}

/** Also where there are modules: it was asked for. */
function railsSteps(folder: string): Step[] {
  return [
    newFile(folder, 'jobs/welcome.ts', RAILS_JOB, 'a job of a Rails application'),
    newFile(folder, 'rails/app/jobs/welcome_job.rb', RUBY_WELCOME, 'its Ruby side: Rails enqueues it'),
    newFile(folder, 'rails/app/jobs/welcomed_job.rb', RUBY_WELCOMED, 'a job back, which Rails runs'),
  ];
}

function configStep(folder: string, queue: string): Step {
  const found = findConfigFile(folder);
  const file = 'tsworker.config.ts';
  if (found === undefined) return newFile(folder, file, config(queue), "the worker's settings");
  return { kind: 'keep', file: found.slice(folder.length + 1), about: 'is the configuration' };
}

/** An existing Procfile gets one more line, unless it has a worker. */
function procfileStep(path: string): Step {
  const file = 'Procfile';
  if (!existsSync(path)) return { kind: 'create', file, text: PROCFILE, about: 'a worker process' };
  const text = readFileSync(path, 'utf8');
  if (/^worker\s*:/m.test(text)) return { kind: 'keep', file, about: 'has a worker' };
  const gap = text === '' || text.endsWith('\n') ? '' : '\n';
  return { kind: 'change', file, text: `${text}${gap}${PROCFILE}`, about: 'a worker process added' };
}

/** The unit file of the package. It cannot read home folders, so a project there needs another path in the unit. */
function unitFor(folder: string): string {
  const unit = readFileSync(new URL('config/tsworker.service', PACKAGE_FOLDER), 'utf8');
  const hidden = [homedir(), '/home', '/root', '/run/user', '/tmp', '/var/tmp'];
  if (hidden.some((place) => folder === place || folder.startsWith(`${place}/`)) || /[\s%"'\\]/.test(folder))
    return unit;
  return unit.replace(/^WorkingDirectory=.*$/m, `WorkingDirectory=${folder}`).replace('in /srv/app,', `in ${folder},`);
}

/** tsworker can be imported there: it is installed, or the package is tsworker itself. */
export function isInstalled(folder: string): boolean {
  return existsSync(join(folder, 'node_modules/tsworker/package.json'));
}
