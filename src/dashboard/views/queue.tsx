import { count, duration } from '../../format.js';
import type { QueuedJob } from '../../inspect/queues.js';
import type { QueueRow } from '../model/snapshot.js';
import { type Ask, link, type View } from '../routes/page.js';
import { Arguments, Cli, Figure, Pager, signedRate, Table, Text } from './parts.js';
import { QueueState } from './queues.js';

export interface QueueModel {
  readonly row: QueueRow;
  readonly from: number;
  /** Masked. */
  readonly jobs: readonly QueuedJob[];
}

export function QueueView({ model, ask }: { readonly model: QueueModel; readonly ask: Ask }): View {
  const { row, from, jobs } = model;
  const { snapshot, now } = ask;
  return (
    <>
      <h1>
        Queue <Text>{row.name}</Text>
      </h1>
      <dl class="figures">
        <Figure name="Jobs">
          {row.size === undefined ? 'not a list' : count(row.size)} <small>{signedRate(row.growth)}</small>
        </Figure>
        <Figure name="Head waits">{row.headAt === undefined ? '-' : duration(now - row.headAt)}</Figure>
        <Figure name="Workers" href={link('workers', { queue: row.name })}>
          {snapshot.workers === undefined ? '…' : count(snapshot.workers.serving(row.name))}
        </Figure>
        <Figure name="Retrying">{count(row.retrying)}</Figure>
        <Figure name="Quarantined">{count(row.quarantined)}</Figure>
        <Figure name="State">
          <QueueState row={row} ask={ask} />
        </Figure>
      </dl>
      <Table
        caption={`Jobs of ${row.name}, the next one first`}
        rows={jobs}
        id={({ index }) => `job-${index}`}
        empty="The queue is empty."
        className={({ problem }) => (problem === undefined ? undefined : 'bad')}
        columns={[
          { head: '#', number: true, cell: ({ index }) => count(index) },
          { head: 'Class', rowHead: true, cell: (job) => <Class job={job} /> },
          { head: 'Arguments', cell: ({ payload }) => <Arguments payload={payload} /> },
          {
            head: 'Waits',
            number: true,
            cell: ({ enqueuedAt }) => (enqueuedAt === undefined ? '-' : duration(now - enqueuedAt)),
          },
        ]}
      />
      <Pager
        from={from}
        shown={jobs.length}
        total={row.size ?? 0}
        href={(next) => link('queue', { name: row.name, from: next })}
      />
      <p class="source">
        <Cli>{`tsworker queues peek ${row.name}`}</Cli>
      </p>
    </>
  );
}

function Class({ job: { class: name, problem } }: { readonly job: QueuedJob }): View {
  if (problem === undefined) return <Text>{name}</Text>;
  return (
    <>
      {name === '' ? '' : <Text>{`${name}: `}</Text>}
      <span class="state lost">
        no job: <Text>{problem}</Text>
      </span>
    </>
  );
}
