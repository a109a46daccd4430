/** A report as a table on the terminal. */
import Table from 'cli-table3';
import type { Figure } from '../harness/numbers.js';
import type { Report } from './report.js';

export function tableOf(report: Report): string {
  const table = new Table({
    head: [...report.labels, ...report.columns.map((column) => column.title)],
    style: { head: [], border: [], compact: true },
    colAligns: [...report.labels.map(() => 'left' as const), ...report.columns.map(() => 'right' as const)],
  });
  for (const row of report.rows) {
    const figures = report.columns.map(({ key, digits = 0 }) => show(row.figures[key], digits));
    table.push([...report.labels.map((label) => row.labels[label] ?? ''), ...figures]);
  }
  return ['', report.title, table.toString(), ...report.notes.map((note) => `  ${note}`)].join('\n');
}

/** The median, and the extremes where there were several runs. */
function show(figure: Figure | undefined, digits: number): string {
  if (figure === undefined) return '–';
  const text = (value: number) =>
    value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits });
  const { median, min, max, values } = figure;
  return values.length > 1 ? `${text(median)} (${text(min)}–${text(max)})` : text(median);
}
