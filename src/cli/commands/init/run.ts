/** `tsworker init`: reports which files were written and kept, and the next steps. The files come from src/init. */
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { applySteps } from '../../../init/apply.js';
import { isInstalled, planInit, type Step } from '../../../init/plan.js';
import { PACKAGE_FOLDER } from '../../../package-files.js';
import { type Call, EXIT } from '../../command.js';
import { printDocument } from '../../json.js';
import { type Style, styleOf } from '../../style.js';
import type { InitFlags } from './definition.js';

export async function init({ flags, words, io }: Call<InitFlags>): Promise<number> {
  const folder = resolve(io.cwd, words[0] ?? '.');
  const options = {
    folder,
    procfile: flags.procfile === true,
    systemd: flags.systemd === true,
    rails: flags.rails === true,
  };
  const plan = await planInit(options);
  const dryRun = flags['dry-run'] === true;
  const steps = dryRun ? plan : await applySteps(folder, plan);
  const next = nextSteps(words[0], isInstalled(folder), steps);
  if (flags.json)
    printDocument(io, { folder, dryRun, files: steps.map(({ kind, file, about }) => ({ kind, file, about })), next });
  else io.out(`${list(steps, dryRun, styleOf(io))}\n${footer(next, dryRun)}`);
  return EXIT.fine;
}

const DONE = { create: 'created', change: 'changed', keep: 'kept' } as const;

function list(steps: readonly Step[], dryRun: boolean, { green, dim }: Style): string {
  const width = Math.max(...steps.map(({ file }) => file.length));
  const verb = (kind: Step['kind']) =>
    (dryRun && kind !== 'keep' ? `would ${kind}` : DONE[kind]).padEnd(dryRun ? 12 : 7);
  return steps
    .map(({ kind, file, about }) => {
      const paint = kind === 'keep' ? dim : green;
      return `  ${paint(verb(kind))}  ${file.padEnd(width)}  ${about}\n`;
    })
    .join('');
}

function nextSteps(folder: string | undefined, installed: boolean, steps: readonly Step[]): string[] {
  const created = (name: string) => steps.some(({ kind, file }) => kind === 'create' && file === name);
  return [
    ...(folder === undefined ? [] : [`cd ${folder}`]),
    ...(installed ? [] : [`npm install ${packageName()}`]),
    'npx tsworker check',
    ...(created('jobs/hello.ts') ? ['npx tsworker enqueue Hello Ada'] : []),
    ...(created('rails/app/jobs/welcome_job.rb') ? ['cp rails/app/jobs/*.rb /path/to/rails/app/jobs/'] : []),
    'npx tsworker',
  ];
}

/** The specifier for npm: the package name if it was installed from a registry, the folder of a checkout. */
function packageName(): string {
  const root = fileURLToPath(PACKAGE_FOLDER).replace(/[/\\]$/, '');
  return root.includes('node_modules') ? 'tsworker' : root;
}

function footer(next: readonly string[], dryRun: boolean): string {
  return dryRun ? 'Nothing was written.\n' : `Next:\n${next.map((command) => `  ${command}\n`).join('')}`;
}
