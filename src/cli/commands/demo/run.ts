/** `tsworker demo`: see it work in a few seconds, with a Redis of its own. */
import { runDemo } from '../../../demo/demo.js';
import type { Call } from '../../command.js';

/** @returns the exit code */
export async function demo({ io }: Call): Promise<number> {
  return runDemo(process.stdout, io.colour);
}
