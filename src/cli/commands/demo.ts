/** `tsworker demo`: see it work in a few seconds, with a Redis of its own. */
import { runDemo } from '../../demo/demo.js';

/** @returns the exit code */
export async function demo(): Promise<number> {
  const { stdout, env } = process;
  const colour = stdout.isTTY === true && (env.NO_COLOR ?? '') === '' && env.TERM !== 'dumb';
  return runDemo(stdout, colour);
}
