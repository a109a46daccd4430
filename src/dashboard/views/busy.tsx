import { duration } from '../../format.js';
import type { WorkerRow } from '../model/snapshot.js';
import { type Ask, link, type View } from '../routes/page.js';
import { Arguments, Cli, idOf, Pager, Table, Text, Time } from './parts.js';
import { State } from './worker-parts.js';

export interface BusyModel {
  readonly from: number;
  readonly total: number;
  /** With the payload, masked, where it runs the same job still. */
  readonly rows: readonly (WorkerRow & { readonly payload: string | undefined })[];
}

export function BusyView({
  model: { rows, from, total },
  ask,
}: {
  readonly model: BusyModel;
  readonly ask: Ask;
}): View {
  const { now, snapshot } = ask;
  return (
    <>
      <h1>Busy</h1>
      <Table
        caption="Jobs that run now, the longest-running first"
        rows={rows}
        id={({ id }) => idOf('busy', id)}
        empty="No job runs now."
        columns={[
          { head: 'Class', rowHead: true, cell: ({ job }) => <Text>{job?.class || 'unreadable'}</Text> },
          {
            head: 'Arguments',
            cell: ({ payload }) => (payload === undefined ? '-' : <Arguments payload={payload} />),
          },
          {
            head: 'Queue',
            cell: ({ job }) => (
              <a href={link('queue', { name: job?.queue })}>
                <Text>{job?.queue ?? ''}</Text>
              </a>
            ),
          },
          {
            head: 'For',
            number: true,
            cell: ({ job }) => (job?.since === undefined ? '-' : duration(now - job.since)),
          },
          {
            head: 'Worker',
            cell: ({ id }) => (
              <a href={link('worker', { id })}>
                <Text most={80}>{id}</Text>
              </a>
            ),
          },
          { head: 'State', minor: true, cell: (row) => <State row={row} now={now} /> },
        ]}
      />
      <Pager from={from} shown={rows.length} total={total} href={(next) => link('busy', { from: next })} />
      <p class="source">
        As of <Time at={snapshot.workers?.at} />. <Cli>tsworker workers</Cli>
      </p>
    </>
  );
}
