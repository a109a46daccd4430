/** Reports the result of a retry or a removal, or of its dry run, to people or machines, and as an exit code. */

import { count, counted } from '../../../format.js';
import type { Action } from '../../../inspect/failed/select.js';
import { EXIT } from '../../command.js';
import { INTERRUPTED } from '../../interrupt.js';
import { printLine, say } from '../../io.js';
import { printDocument } from '../../json.js';
import { listed } from '../../table.js';
import type { FailedCounts, LeftLine } from './counts.js';
import type { FailedCall } from './filter.js';

export interface ActionResult {
  readonly action: Action;
  readonly counts: FailedCounts;
  /** Named entries that do not exist. */
  readonly missing: number;
  /** Entries that were read. */
  readonly of: number;
  readonly interrupted: boolean;
}

export function report(call: FailedCall, result: ActionResult): number {
  if (call.flags.json) printDocument(call.io, asDocument(call, result));
  else tell(call, result);
  const { counts, missing, interrupted } = result;
  if (interrupted) return INTERRUPTED;
  return missing > 0 || counts.left.length > 0 ? EXIT.problem : EXIT.fine;
}

function asDocument({ flags }: FailedCall, { action, counts, missing, interrupted }: ActionResult): unknown {
  return {
    [DONE[action.kind]]: counts.taken,
    dryRun: flags['dry-run'] === true,
    interrupted,
    missing,
    jobs: counts.lines,
    left: counts.left,
  };
}

export const DONE = { retry: 'retried', remove: 'removed' } as const;

function tell({ io, flags }: FailedCall, { action, counts, of, interrupted }: ActionResult): void {
  const { lines, left, taken } = counts;
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
