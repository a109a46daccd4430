/** Applies the plan, one file after the other. A file that was created meanwhile is never overwritten. */
import { mkdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { TsworkerError } from '../errors.js';
import type { Step } from './plan.js';

/**
 * @returns the steps as done: a file that was created by another program meanwhile is kept
 * @throws TsworkerError STATE if a file or folder cannot be written; files written before that remain
 */
export async function applySteps(folder: string, steps: readonly Step[]): Promise<readonly Step[]> {
  const done: Step[] = [];
  for (const step of steps) done.push(await applyStep(folder, step).catch((cause) => refuse(cause, folder, step)));
  return done;
}

/** `EACCES: permission denied, open '/srv/app/package.json'`: the path and the reason. */
function refuse(cause: unknown, folder: string, { file }: Step): never {
  const { code, message, path = join(folder, file) } = cause as NodeJS.ErrnoException;
  const reason = /^[A-Z]+: ([^,]+)/.exec(message)?.[1];
  if (code === undefined || reason === undefined) throw cause;
  throw new TsworkerError('STATE', `${path} cannot be written: ${reason}`, { cause });
}

async function applyStep(folder: string, step: Step): Promise<Step> {
  const path = join(folder, step.file);
  if (step.kind === 'change') await replace(path, step.text);
  if (step.kind !== 'create') return step;
  await mkdir(dirname(path), { recursive: true });
  try {
    await writeFile(path, step.text, { flag: 'wx' });
    return step;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    return { kind: 'keep', file: step.file, about: 'is there' };
  }
}

/** Atomic: a concurrent reader gets the old text or the new one, and a full disk loses neither. */
async function replace(path: string, text: string): Promise<void> {
  if ((await readFile(path, 'utf8')) === text) return;
  const { mode } = await stat(path);
  const fresh = `${path}.tsworker-${process.pid}`;
  await writeFile(fresh, text, { mode, flag: 'wx' });
  await rename(fresh, path);
}
