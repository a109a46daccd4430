/** The last hours and days: three drawings, and the same as a table. Pure. */
import { count, rate } from '../../format.js';
import { type Point, RANGES, type Series } from '../model/series.js';
import { link, type View } from '../routes/page.js';
import { Chart } from './chart.js';
import { Table, Time } from './parts.js';

interface HistoryProps {
  readonly series: Series | undefined;
  readonly isReadOnly: boolean;
}

const perSecond = (value: number) => `${rate(value)}/s`;
const or = (value: number | undefined, show: (value: number) => string) => (value === undefined ? '-' : show(value));

export function HistoryView({ series, isReadOnly }: HistoryProps): View {
  return (
    <section aria-labelledby="history-title" id="history">
      <h2 id="history-title">History</h2>
      {series === undefined ? <p class="empty">Nothing was read yet.</p> : <Known series={series} />}
      <p class="source">
        Of programs of every kind; measured once a minute by workers of tsworker
        {isReadOnly ? '' : ', and by the dashboard while somebody looks'}. Where there is no line, nobody measured.
      </p>
    </section>
  );
}

function Known({ series: { range, points } }: { readonly series: Series }): View {
  const values = (of: 'processed' | 'failed' | 'waiting') => points.map((point) => point[of]);
  const common = { begin: `${range.name} ago` };
  return (
    <>
      <nav class="ranges" aria-label="Time range">
        <ul>
          {RANGES.map(({ name }) => (
            <li>
              <a href={link('', { range: name })} aria-current={name === range.name ? 'true' : undefined}>
                {name}
              </a>
            </li>
          ))}
        </ul>
      </nav>
      <div class="charts">
        <Chart {...common} id="chart-processed" name="Processed" values={values('processed')} show={perSecond} />
        <Chart {...common} id="chart-failed" name="Failed" values={values('failed')} show={perSecond} className="bad" />
        <Chart {...common} id="chart-waiting" name="Waiting" values={values('waiting')} show={count} className="warn" />
      </div>
      <details id="history-table">
        <summary>As a table</summary>
        <Values points={points} />
      </details>
    </>
  );
}

/** From the newest; steps in which nobody measured are left out. */
function Values({ points }: { readonly points: readonly Point[] }): View {
  const isMeasured = ({ at: _, ...values }: Point) => Object.values(values).some((value) => value !== undefined);
  return (
    <Table
      caption="The history, from the newest"
      rows={points.filter(isMeasured).reverse()}
      id={({ at }) => `history-${at}`}
      empty="Nobody has measured in this time."
      columns={[
        { head: 'From', rowHead: true, cell: ({ at }) => <Time at={at} /> },
        { head: 'Processed', number: true, cell: ({ processed }) => or(processed, perSecond) },
        { head: 'Failed', number: true, cell: ({ failed }) => or(failed, perSecond) },
        { head: 'Waiting', number: true, cell: ({ waiting }) => or(waiting, count) },
        { head: 'Failed list', number: true, minor: true, cell: ({ failedList }) => or(failedList, count) },
      ]}
    />
  );
}
