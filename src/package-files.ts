/**
 * Where the package's own files are. dist/ has no folders: what is bundled finds them from this module, which stands at the
 * top of src/ and of dist/ alike, and never from its own `import.meta.url`.
 */

/** src/ or dist/: where the code is that runs. */
export const CODE_FOLDER: URL = new URL('.', import.meta.url);

/** The folder of package.json. */
export const PACKAGE_FOLDER: URL = new URL('..', import.meta.url);

/** An entry point of the build: what a process or a thread starts with. There is none in src/. */
export function builtFile(name: 'child' | 'thread'): URL {
  return new URL(`dist/${name}.js`, PACKAGE_FOLDER);
}
