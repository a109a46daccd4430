/** What a retry or a removal has done, or would do: told to people or machines, and as an exit code. */

import { count, counted } from '../../../format.js';
import type { Action } from '../../../inspect/failed/select.js';
import { EXIT } from '../../command.js';
import { INTERRUPTED } from '../../interrupt.js';
import { printLine, say } from '../../io.js';
import { printDocument } from '../../json.js';
import { listed } from '../../table.js';
import type { FailedCall } from './filter.js';
import type { LeftLine, Tally } from './tally.js';

export interface Outcome {
  readonly action: Action;
  readonly tally: Tally;
  /** Entries that were named and are not there. */
  readonly missing: number;
  /** Entries that were looked at. */
  readonly of: number;
  readonly interrupted: boolean;
}

export function report(call: FailedCall, outcome: Outcome): number {
  if (call.flags.json) printDocument(call.io, asDocument(call, outcome));
  else tell(call, outcome);
  const { tally, missing, interrupted } = outcome;
  if (interrupted) return INTERRUPTED;
  return missing > 0 || tally.left.length > 0 ? EXIT.problem : EXIT.fine;
}

function asDocument({ flags }: FailedCall, { action, tally, missing, interrupted }: Outcome): unknown {
  return {
    [DONE[action.kind]]: tally.taken,
    dryRun: flags['dry-run'] === true,
    interrupted,
    missing,
    jobs: tally.lines,
    left: tally.left,
  };
}

export const DONE = { retry: 'retried', remove: 'removed' } as const;

function tell({ io, flags }: FailedCall, { action, tally, of, interrupted }: Outcome): void {
  const { lines, left, taken } = tally;
  const rows = lines.map(({ class: name, queue, jobs }) => [count(jobs), name, queue]);
  if (rows.length > 0) io.out(`${listed(COLUMNS, rows, io)}\n`);
  for (const line of left) say(io, `${leftText(line)}`);
  const done = flags['dry-run'] ? `would be ${DONE[action.kind]}` : DONE[action.kind];
  const jobs = of > taken ? `${count(taken)} of ${counted(of, 'failed job')}` : counted(taken, 'failed job');
  printLine(io, `${jobs} ${done}${interrupted ? ' when it was interrupted' : ''}`);
}

const COLUMNS = [
  { head: 'JOBS', align: 'right' },
  { head: 'CLASS', give: 1 },
  { head: 'QUEUE', give: 2 },
] as const;

function leftText({ why, jobs, entries }: LeftLine): string {
  if (jobs === 1) return `entry ${entries[0]} is left: ${why}`;
  const some = `${entries.join(', ')}${jobs > entries.length ? ', …' : ''}`;
  return `${count(jobs)} entries are left (${some}): ${why}`;
}
