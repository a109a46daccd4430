/** Finds the files that are job modules, without importing them. */
import { readdir, realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { TsworkerError } from '../errors.js';

/** The file of a job module. */
export interface ModuleFile {
  /** The real path: links to one file are one module. */
  readonly path: string;
  /** The path for messages: relative to the working directory if the file is inside it. */
  readonly name: string;
}

export interface JobFile extends ModuleFile {
  /** The `_middleware` files of its folders, the outermost first. */
  readonly middleware: readonly ModuleFile[];
}

/** The modules of one `-jobs` path. */
export interface JobsPath {
  readonly given: string;
  readonly files: readonly JobFile[];
  /** Warnings about files that look like modules and cannot be loaded. */
  readonly unread: readonly string[];
}

const EXTENSIONS = ['.ts', '.mts', '.cts', '.js', '.mjs', '.cjs'];
/** Modules with JSX are not compiled: they are named in a warning, since their jobs are missing. */
const WITH_JSX = ['.tsx', '.jsx', '.mtsx', '.ctsx'];
const SKIPPED_NAME = /^[._]|\.(test|spec)\.[^.]+$|\.d\.[^.]*\.?[cm]?ts$/;
const MIDDLEWARE = '_middleware';
const SKIPPED_FOLDERS = ['__tests__', 'node_modules'];

/**
 * The job modules of a path, sorted by name. A directory is searched to any depth; a file that is named itself is used
 * whatever its name is, with the middleware of its folder.
 * @throws TsworkerError JOBS if the path does not exist, cannot be read, or is a file that cannot be a module, or if a
 *   folder has two middleware files
 */
export async function findModules(given: string): Promise<JobsPath> {
  const start = path.resolve(given);
  try {
    const real = await realpath(start);
    if ((await stat(real)).isDirectory()) return { given, ...(await search(start, new Set([real]), [])) };
    if (EXTENSIONS.includes(path.extname(real))) {
      const folder = path.dirname(start);
      const middleware = await middlewareOf(folder, await readdir(folder));
      return { given, files: [{ path: real, name: displayName(start), middleware }], unread: [] };
    }
  } catch (cause) {
    throw cause instanceof TsworkerError ? cause : unreadable(given, cause);
  }
  throw new TsworkerError('JOBS', `${given} is not a job module`, {
    hint: `A module ends in ${EXTENSIONS.join(', ')}.`,
  });
}

/** `entered` has the real paths of the visited folders, so that a link to a parent does not recurse endlessly. */
async function search(
  folder: string,
  entered: Set<string>,
  outer: readonly ModuleFile[],
): Promise<Omit<JobsPath, 'given'>> {
  const files: JobFile[] = [];
  const unread: string[] = [];
  const entries = await readdir(folder);
  const middleware = [...outer, ...(await middlewareOf(folder, entries))];
  for (const entry of entries.sort()) {
    if (SKIPPED_NAME.test(entry) || SKIPPED_FOLDERS.includes(entry)) continue;
    const file = path.join(folder, entry);
    // stat follows links: a Kubernetes ConfigMap mounts every file as one.
    const info = await stat(file).catch(() => undefined);
    const real = info === undefined ? '' : await realpath(file);
    if (info?.isDirectory() && !entered.has(real)) {
      const below = await search(file, entered.add(real), middleware);
      files.push(...below.files);
      unread.push(...below.unread);
    } else if (info?.isFile() && EXTENSIONS.includes(path.extname(entry))) {
      files.push({ path: real, name: displayName(file), middleware });
    } else if (info?.isFile() && WITH_JSX.includes(path.extname(entry))) {
      unread.push(displayName(file));
    }
  }
  return { files, unread };
}

/** The middleware file of a folder: none or one. */
async function middlewareOf(folder: string, entries: readonly string[]): Promise<ModuleFile[]> {
  const own = entries.filter((entry) => path.parse(entry).name === MIDDLEWARE).map((entry) => path.join(folder, entry));
  const files = own.filter((file) => [...EXTENSIONS, ...WITH_JSX].includes(path.extname(file))).sort();
  const [file, other] = files;
  if (file === undefined) return [];
  if (other !== undefined)
    throw new TsworkerError(
      'JOBS',
      `${displayName(file)} and ${displayName(other)}: a folder has one middleware file`,
      {
        hint: 'Remove one, or export a list of middleware from the other.',
      },
    );
  if (WITH_JSX.includes(path.extname(file)))
    throw new TsworkerError('JOBS', `${displayName(file)}: modules with JSX are not read`, {
      hint: `Name it ${MIDDLEWARE}.ts.`,
    });
  return [{ path: await realpath(file), name: displayName(file) }];
}

/** The path for messages: relative to the working directory if the file is inside it. */
export function displayName(file: string): string {
  const relative = path.relative(process.cwd(), file);
  return relative.startsWith('..') || path.isAbsolute(relative) ? file : relative;
}

function unreadable(given: string, cause: unknown): TsworkerError {
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  if (code === 'ENOENT' || code === 'ENOTDIR') {
    const full = path.resolve(given);
    const where = full === given ? '' : ` (looked for ${full})`;
    return new TsworkerError('JOBS', `the jobs path ${given} does not exist${where}`, {
      hint: 'Create it and put a job module in, or name another with -jobs.',
      cause,
    });
  }
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new TsworkerError('JOBS', `the jobs path ${given} cannot be read: ${reason}`, { cause });
}
