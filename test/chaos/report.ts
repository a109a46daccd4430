/** The results as tables on the terminal. */
import Table from 'cli-table3';
import type { Result } from './harness/scenario.js';

const COLUMNS: readonly (readonly [string, (result: Result) => string | number])[] = [
  ['scenario', ({ name }) => name],
  ['seed', ({ seed }) => seed],
  ['enqueued', ({ enqueued }) => enqueued],
  ['processed', ({ processed }) => processed],
  ['failed', ({ failed }) => failed],
  ['killed 3 times', ({ convicted, edge }) => (edge === 0 ? convicted : `${convicted} (${edge} edge)`)],
  ['lost', ({ lost }) => lost],
  ['counted twice', ({ twice }) => twice],
  ['ran again', ({ again }) => again],
  ['kills', ({ hits }) => hits],
  ['samples', ({ samples }) => samples],
  ['seconds', ({ seconds }) => seconds.toFixed(1)],
  ['', ({ faults }) => (faults.length === 0 ? 'ok' : 'FAULT')],
];

export function tableOf(results: readonly Result[]): string {
  return plainTable(
    COLUMNS.map(([title]) => title),
    results.map((result) => COLUMNS.map(([, show]) => show(result))),
  );
}

/** The first column is text, the others are figures. */
export function plainTable(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const table = new Table({
    head: [...head],
    style: { head: [], border: [], compact: true },
    colAligns: head.map((_, n) => (n === 0 ? 'left' : 'right')),
  });
  for (const row of rows) table.push(row.map((cell) => (typeof cell === 'number' ? cell.toLocaleString('en') : cell)));
  return table.toString();
}

export function faultsOf({ name, seed, faults, log }: Result): string {
  const replay = `npm run chaos -- --scenario ${name} --seed ${seed}`;
  return [
    `${name}, seed ${seed}:`,
    ...faults.map((fault) => `  ${fault}`),
    `  replay: ${replay}`,
    ...(log ? [`  log: ${log}`] : []),
  ].join('\n');
}
