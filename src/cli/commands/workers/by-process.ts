/** `tsworker workers`: a line for each process, including its published state. Pure. */

import { count, duration } from '../../../format.js';
import { heldBy, type ProcessSeen } from '../../../inspect/processes.js';
import type { Io } from '../../io.js';
import { type Paint, type Style, styleOf } from '../../style.js';
import { type Cell, listed } from '../../table.js';
import { ageOf, processText } from './format.js';

const COLUMNS = [
  { head: 'PROCESS', give: 1, least: 16 },
  { head: 'STATE', give: 2, least: 12 },
  { head: 'SLOTS', align: 'right', drop: 3 },
  { head: 'WORKING', align: 'right', drop: 1 },
  { head: 'LONGEST', align: 'right', drop: 2 },
  { head: 'HEARTBEAT', align: 'right', drop: 4 },
  { head: 'DONE', align: 'right', drop: 5 },
  { head: 'FAILED', align: 'right', drop: 5 },
  { head: 'QUEUES', give: 3, drop: 6 },
] as const;

export function processTable(processes: readonly ProcessSeen[], now: number, io: Io): string {
  const style = styleOf(io);
  const rows = processes.map((one): Cell[] => {
    const { name, slots, working, since, heartbeatAt, processed, failed, queues } = one;
    return [
      name,
      stateCell(one, now, style),
      count(slots),
      count(working),
      since === undefined ? '' : duration(now - since),
      ageOf(heartbeatAt, now),
      count(processed),
      count(failed),
      queues.join(','),
    ];
  });
  return listed(COLUMNS, rows, io);
}

function stateCell(one: ProcessSeen, now: number, { green, dim, red, yellow }: Style): Cell {
  const special = processText(one, now);
  const bad = one.lost > 0 || one.liveness === 'gone' || heldBy(one) === 'blocked';
  const plain = one.lost > 0 ? 'lost' : one.working > 0 ? 'working' : 'idle';
  const paints: Readonly<Record<string, Paint>> = { working: green, idle: dim, lost: red };
  // A blocked process is also working; for a lost one both are shown.
  const text = special === '' ? plain : one.lost > 0 ? `lost: ${special}` : special;
  return { text, paint: bad ? red : special === '' ? paints[plain] : yellow };
}
