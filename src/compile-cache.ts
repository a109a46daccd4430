/**
 * Compiled code is kept from one start to the next, where Node can do that (22.1 and newer). For the entry points, which import
 * the rest afterwards: what is loaded already was compiled already.
 */
import * as nodeModule from 'node:module';
import { fileURLToPath } from 'node:url';
import { CODE_FOLDER } from './package-files.js';
import { cacheFolder } from './typescript/cache-folder.js';

export function keepCompiledCode(): void {
  const { enableCompileCache } = nodeModule as { enableCompileCache?: (folder: string) => unknown };
  if (enableCompileCache === undefined) return;
  const folder = cacheFolder(fileURLToPath(CODE_FOLDER));
  if (folder !== undefined) enableCompileCache(folder);
}
