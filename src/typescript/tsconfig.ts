/** Reads the import paths of tsconfig.json, for the importer and for the error of a module that was not found. */
import path from 'node:path';
import { type Cache, getTsconfig } from 'get-tsconfig';

export interface ProjectConfig {
  readonly path: string;
  /** The same path, if the file has `paths` or `baseUrl`. */
  readonly withPaths: string | undefined;
  readonly paths: Readonly<Record<string, readonly string[]>>;
  /** Why it cannot be read: it extends a package that is not installed, or is not JSON. Its paths are not used then. */
  readonly problem?: string;
}

/** The tsconfig.json of a folder: in it, or in the nearest folder above. Never throws. */
export function tsconfigFor(folder: string, cache: Cache = new Map()): ProjectConfig | undefined {
  try {
    const found = getTsconfig(folder, 'tsconfig.json', cache);
    if (found === null) return undefined;
    const { paths = {}, baseUrl } = found.config.compilerOptions ?? {};
    const used = Object.keys(paths).length > 0 || baseUrl !== undefined;
    return { path: found.path, withPaths: used ? found.path : undefined, paths };
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    return { path: path.join(folder, 'tsconfig.json'), withPaths: undefined, paths: {}, problem };
  }
}

/** The pattern of `paths` that an import matches: `@lib/*`. */
export function patternFor(specifier: string, { paths }: ProjectConfig): string | undefined {
  return Object.keys(paths).find((pattern) => {
    const [before, after] = pattern.split('*');
    if (after === undefined) return specifier === pattern;
    return (
      specifier.length >= before.length + after.length && specifier.startsWith(before) && specifier.endsWith(after)
    );
  });
}
