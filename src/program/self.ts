import { CODE_FOLDER } from '../package-files.js';

/**
 * What a job module imports as 'tsworker': this copy of the package, never a second one. Imported by URL, since a
 * static import of index.ts from here would be a cycle.
 */
export async function self(): Promise<Readonly<Record<string, unknown>>> {
  return await import(new URL('index.js', CODE_FOLDER).href);
}
