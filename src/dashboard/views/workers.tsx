import { count, duration } from '../../format.js';
import type { WorkerRow } from '../model/snapshot.js';
import { type Ask, link, type View } from '../routes/page.js';
import { Act } from './forms.js';
import { Ago, Cli, Figure, idOf, Pager, Table, Text, Time } from './parts.js';
import { State } from './worker-parts.js';

export const WORKER_STATES = ['working', 'idle', 'lost'] as const;

export interface WorkersModel {
  readonly state: (typeof WORKER_STATES)[number] | undefined;
  readonly queue: string;
  readonly text: string;
  readonly from: number;
  readonly total: number;
  readonly rows: readonly WorkerRow[];
}

export function WorkersView({ model, ask }: { readonly model: WorkersModel; readonly ask: Ask }): View {
  const { state, queue, text, from, total, rows } = model;
  return (
    <>
      <h1>Workers</h1>
      <Counts ask={ask} />
      {(ask.snapshot.workers?.counts.lost ?? 0) > 0 ? (
        <p class="actions">
          <Act ask={ask} action="prune" fields={{}} isDangerous={true}>
            Prune the dead…
          </Act>
        </p>
      ) : null}
      <form method="get" action="workers" class="filters">
        <label>
          State{' '}
          <select name="state">
            <option value="">all</option>
            {WORKER_STATES.map((one) => (
              <option value={one} selected={one === state}>
                {one}
              </option>
            ))}
          </select>
        </label>
        <label>
          Queue <input name="queue" value={queue} maxlength={200} />
        </label>
        <label>
          Text <input name="text" value={text} maxlength={200} data-search="" />
        </label>
        <button type="submit">Find</button>
      </form>
      <WorkersTable rows={rows} now={ask.now} isFiltered={state !== undefined || queue !== '' || text !== ''} />
      <Pager
        from={from}
        shown={rows.length}
        total={total}
        href={(next) => link('workers', { state, queue, text, from: next })}
      />
      <Hosts ask={ask} />
      <p class="source">
        As of <Time at={ask.snapshot.workers?.at} />. <Cli>tsworker workers</Cli>
      </p>
    </>
  );
}

function WorkersTable({
  rows,
  now,
  isFiltered,
}: {
  readonly rows: readonly WorkerRow[];
  readonly now: number;
  readonly isFiltered: boolean;
}): View {
  return (
    <Table
      caption="Workers"
      rows={rows}
      id={({ id }) => idOf('worker', id)}
      empty={
        isFiltered ? (
          'No worker is like this.'
        ) : (
          <>
            No worker is registered. This starts one: <code>tsworker -queues=…</code>
          </>
        )
      }
      columns={[
        {
          head: 'Worker',
          rowHead: true,
          cell: ({ id }) => (
            <a href={link('worker', { id })}>
              <Text most={80}>{id}</Text>
            </a>
          ),
        },
        { head: 'State', cell: (row) => <State row={row} now={now} /> },
        { head: 'Job', cell: ({ job }) => (job === undefined ? '-' : <Text>{job.class || 'unreadable'}</Text>) },
        { head: 'For', number: true, cell: ({ job }) => (job?.since === undefined ? '-' : duration(now - job.since)) },
        { head: 'Heartbeat', number: true, minor: true, cell: ({ heartbeatAt }) => <Ago at={heartbeatAt} now={now} /> },
        {
          head: 'Program',
          minor: true,
          cell: ({ ours, process }) => (ours || /\.ts(\.\d+)?:\d+$/.test(process) ? 'tsworker' : 'other'),
        },
      ]}
    />
  );
}

function Counts({ ask: { snapshot } }: { readonly ask: Ask }): View {
  const counts = snapshot.workers?.counts;
  const of = (number: number | undefined) => (number === undefined ? '…' : count(number));
  return (
    <dl class="figures">
      <Figure name="All" href="workers">
        {of(counts?.total)}
      </Figure>
      <Figure name="Working" href="workers?state=working">
        {of(counts?.working)}
      </Figure>
      <Figure name="Idle" href="workers?state=idle">
        {of(counts?.idle)}
      </Figure>
      <Figure name="Lost" href="workers?state=lost">
        {of(counts?.lost)}
      </Figure>
      {counts !== undefined && counts.blocked + counts.paused + counts.draining > 0 ? (
        <Figure name="Blocked, paused, draining">
          {count(counts.blocked)}, {count(counts.paused)}, {count(counts.draining)}
        </Figure>
      ) : null}
    </dl>
  );
}

const MOST_HOSTS = 100;

function Hosts({ ask: { snapshot } }: { readonly ask: Ask }): View | null {
  const hosts = snapshot.workers?.hosts ?? [];
  if (hosts.length === 0) return null;
  return (
    <Table
      caption="Hosts"
      rows={hosts.slice(0, MOST_HOSTS)}
      id={({ host }) => idOf('host', host)}
      empty=""
      columns={[
        {
          head: 'Host',
          rowHead: true,
          cell: ({ host }) => (
            <a href={link('workers', { text: host })}>
              <Text most={80}>{host}</Text>
            </a>
          ),
        },
        { head: 'Workers', number: true, cell: ({ workers }) => count(workers) },
        { head: 'Working', number: true, cell: ({ working }) => count(working) },
        { head: 'Lost', number: true, cell: ({ lost }) => count(lost) },
      ]}
    />
  );
}
