/** Formats a pause, for every command. Pure. */
import type { Unpausable } from '../../../inspect/pause.js';

export const PAUSED = 'Ruby and tsworker workers take no new jobs';

const MOST = 3;

/** For at least one. */
export function unpausableText(unpausable: readonly Unpausable[]): string {
  const named = unpausable.slice(0, MOST).map(({ program, process }) => `${program} ${process}`);
  const rest = unpausable.length - named.length;
  const who = `${named.join(', ')}${rest > 0 ? ` and ${rest} more` : ''}`;
  return unpausable.length === 1 ? `${who} ignores the pause and takes jobs` : `${who} ignore the pause and take jobs`;
}
