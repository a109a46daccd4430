/** What pages are put together from. Pure; whatever is shown is text. */
import type { Child } from 'hono/jsx';
import { count, duration, rate, time } from '../../format.js';
import { argsText } from '../../inspect/payload.js';
import { harmless } from '../../terminal-text.js';
import type { View } from '../routes/page.js';

/** In UTC; the browser makes local time of it. */
export function Time({ at }: { readonly at: number | undefined }): View {
  if (at === undefined) return <>-</>;
  return <time datetime={new Date(at).toISOString()}>{time(at)}</time>;
}

export function Ago({ at, now }: { readonly at: number | undefined; readonly now: number }): View {
  if (at === undefined) return <>-</>;
  return (
    <time datetime={new Date(at).toISOString()} data-ago="" title={time(at)}>
      {duration(now - at)}
    </time>
  );
}

/** Foreign text on one line: what is invisible, or turns the direction of writing, is shown as an escape. */
export function Text({ children, most = 200 }: { readonly children: string; readonly most?: number }): View {
  const text = harmless(children.slice(0, most));
  return <>{children.length > most ? `${text}…` : text}</>;
}

/** Of a payload that was masked. */
export function Arguments({ payload, most = 300 }: { readonly payload: string; readonly most?: number }): View {
  return (
    <span class="mono">
      <Text most={most}>{argsText(payload)}</Text>
    </span>
  );
}

export function signedRate(perSecond: number | undefined): string {
  if (perSecond === undefined) return '';
  const text = rate(perSecond);
  return perSecond > 0 ? `+${text}/s` : `${text}/s`;
}

export interface Column<Row> {
  readonly head: Child;
  readonly cell: (row: Row, index: number) => Child;
  /** Figures are aligned to the right. */
  readonly number?: true;
  /** Left out where the screen is narrow. */
  readonly minor?: true;
  /** Names the row for those who hear it. */
  readonly rowHead?: true;
  readonly sort?: 'ascending' | 'descending' | undefined;
  /** Where its heading leads, to sort by it. */
  readonly href?: string;
}

interface TableProps<Row> {
  readonly caption: string;
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  /** Of a row: stays the same while it is shown. */
  readonly id: (row: Row) => string;
  /** What would fill the table, and how. */
  readonly empty: Child;
  readonly className?: (row: Row) => string | undefined;
}

export function Table<Row>({ caption, columns, rows, id, empty, className }: TableProps<Row>): View {
  if (rows.length === 0) return <p class="empty">{empty}</p>;
  return (
    <section class="scroll" aria-label={caption} tabindex={0}>
      <table>
        <caption>{caption}</caption>
        <thead>
          <tr>
            {columns.map((column) => (
              <th scope="col" class={classOf(column)} aria-sort={column.sort}>
                {column.href === undefined ? column.head : <a href={column.href}>{column.head}</a>}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row, index) => (
            <tr id={id(row)} class={className?.(row)}>
              {columns.map((column) =>
                column.rowHead ? (
                  <th scope="row" class={classOf(column)}>
                    {column.cell(row, index)}
                  </th>
                ) : (
                  <td class={classOf(column)}>{column.cell(row, index)}</td>
                ),
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function classOf({ number, minor }: Pick<Column<never>, 'number' | 'minor'>): string | undefined {
  const names = [number ? 'number' : '', minor ? 'minor' : ''].filter((name) => name !== '');
  return names.length === 0 ? undefined : names.join(' ');
}

/** An id for an element, of any text. */
export function idOf(kind: string, text: string): string {
  return `${kind}-${Buffer.from(text).toString('hex').slice(0, 200)}`;
}

export function Figure({
  name,
  children,
  href,
}: {
  readonly name: string;
  readonly children: Child;
  readonly href?: string;
}): View {
  return (
    <div class="figure">
      <dt>{href === undefined ? name : <a href={href}>{name}</a>}</dt>
      <dd>{children}</dd>
    </div>
  );
}

/** Page by page through a list. */
export function Pager({
  from,
  shown,
  total,
  href,
  unit = '',
}: {
  readonly from: number;
  readonly shown: number;
  readonly total: number;
  readonly href: (from: number) => string;
  readonly unit?: string;
}): View | null {
  if (from === 0 && shown >= total) return null;
  const size = Math.max(shown, 1);
  return (
    <p class="pager">
      {from > 0 ? (
        <a href={href(Math.max(0, from - size))} rel="prev">
          Previous
        </a>
      ) : null}{' '}
      <span>
        {count(shown === 0 ? 0 : from + 1)} to {count(from + shown)} of {count(total)} {unit}
      </span>{' '}
      {from + shown < total ? (
        <a href={href(from + shown)} rel="next">
          Next
        </a>
      ) : null}
    </p>
  );
}

/** The command that does the same. */
export function Cli({ children }: { readonly children: string }): View {
  return <code class="cli">{children}</code>;
}
