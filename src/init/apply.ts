/** Does what was planned, one file after the other. A file that came meanwhile is never overwritten. */
import { mkdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Step } from './step.js';

/** @returns what was done: a step to create what somebody else has created meanwhile becomes one to keep */
export async function applySteps(folder: string, steps: readonly Step[]): Promise<readonly Step[]> {
  const done: Step[] = [];
  for (const step of steps) done.push(await applyStep(folder, step));
  return done;
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

/** All or nothing: whoever reads meanwhile sees the old text or the new, and a full disk loses neither. */
async function replace(path: string, text: string): Promise<void> {
  if ((await readFile(path, 'utf8')) === text) return;
  const { mode } = await stat(path);
  const fresh = `${path}.tsworker-${process.pid}`;
  await writeFile(fresh, text, { mode, flag: 'wx' });
  await rename(fresh, path);
}
