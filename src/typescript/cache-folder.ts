/** The folder where compiled TypeScript is cached between starts. */
import { accessSync, constants, statSync } from 'node:fs';
import path from 'node:path';
import { VERSION } from '../version.js';

/**
 * Only in the node_modules of the project, and only if no other user can write there: a shared folder such as /tmp would
 * let any user of the machine put code into the worker.
 */
export function cacheFolder(from: string): string | undefined {
  for (let folder = from; ; folder = path.dirname(folder)) {
    const modules = path.join(folder, 'node_modules');
    const info = statSync(modules, { throwIfNoEntry: false });
    if (info?.isDirectory())
      return isOurs(modules, info) ? path.join(modules, '.cache', 'tsworker', VERSION) : undefined;
    if (path.dirname(folder) === folder) return undefined;
  }
}

function isOurs(folder: string, info: { uid: number; mode: number }): boolean {
  const othersMayWrite = (info.mode & 0o002) !== 0;
  if (othersMayWrite || (process.getuid !== undefined && info.uid !== process.getuid())) return false;
  try {
    accessSync(folder, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
