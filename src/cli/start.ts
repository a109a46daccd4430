/** Entry point of the command line. */
import { keepCompiledCode } from '../compile-cache.js';

keepCompiledCode();

/** See main.ts. */
export async function main(argv: readonly string[]): Promise<number> {
  return await (await import('./main.js')).main(argv);
}
