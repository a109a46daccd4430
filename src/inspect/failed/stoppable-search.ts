/**
 * Searches texts with a regular expression from the user. One that backtracks endlessly must neither hang the command
 * nor block Ctrl-C, so it runs as a script that can be stopped in the middle of a match.
 */
import { createContext, Script } from 'node:vm';
import { TsworkerError } from '../../errors.js';

/** Limit for one item: far more than any reasonable expression takes on a megabyte. */
const MOST_MS = 1000;

/** Items in one run: each run costs a thread that watches it, and 0.15 ms. */
const SEARCH = new Script(`{
  const { expression, items, found } = search;
  for (; search.at < items.length; search.at++)
    found[search.at] = items[search.at].some((text) => text.search(expression) !== -1);
}`);

/**
 * For each item, whether one of its texts matches. Ctrl-C ends it, and the remaining items do not match; the signal is
 * then delivered to its previous handlers.
 * @throws TsworkerError USAGE if one item takes longer than a second
 */
export function searchEach(
  expression: RegExp,
  items: readonly (readonly string[])[],
  mostMs = MOST_MS,
): readonly boolean[] {
  const search = { expression, items, found: items.map(() => false), at: 0 };
  const context = createContext({ search });
  while (search.at < items.length) {
    const begun = search.at;
    const stopped = run(context, mostMs);
    if (stopped === 'interrupted') {
      process.kill(process.pid, 'SIGINT');
      break;
    }
    if (stopped === 'timeout' && search.at === begun) throw tooSlow(expression);
  }
  return search.found;
}

function run(context: object, timeout: number): 'timeout' | 'interrupted' | undefined {
  try {
    SEARCH.runInContext(context, { timeout, breakOnSigint: true });
    return undefined;
  } catch (error) {
    const { code } = error as { code?: unknown };
    if (code === 'ERR_SCRIPT_EXECUTION_TIMEOUT') return 'timeout';
    if (code === 'ERR_SCRIPT_EXECUTION_INTERRUPTED') return 'interrupted';
    throw error;
  }
}

function tooSlow(expression: RegExp): TsworkerError {
  return new TsworkerError('USAGE', `the regular expression ${expression} takes more than a second for one entry`, {
    hint: 'it backtracks too much, as (a+)+ does; simplify it, or give plain text',
  });
}
