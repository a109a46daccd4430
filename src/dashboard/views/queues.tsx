import { count, duration } from '../../format.js';
import type { QueueRow } from '../model/snapshot.js';
import { type Ask, link, type View } from '../routes/page.js';
import { Act } from './forms.js';
import { Cli, type Column, idOf, Pager, signedRate, Table, Text, Time } from './parts.js';

export const QUEUE_SORTS = ['name', 'jobs', 'growth', 'wait', 'workers'] as const;
export type QueueSort = (typeof QUEUE_SORTS)[number];

export interface QueuesModel {
  readonly text: string;
  readonly sort: QueueSort;
  readonly from: number;
  readonly total: number;
  readonly rows: readonly QueueRow[];
}

export function QueuesView({ model, ask }: { readonly model: QueuesModel; readonly ask: Ask }): View {
  const { text, sort, from, total, rows } = model;
  return (
    <>
      <h1>Queues</h1>
      <PauseAll ask={ask} />
      <form method="get" action="queues" class="filters">
        <label>
          Name <input name="text" value={text} data-search="" maxlength={200} />
        </label>
        {sort === 'name' ? null : <input type="hidden" name="sort" value={sort} />}
        <button type="submit">Find</button>
      </form>
      <Table
        caption="Queues"
        rows={rows}
        id={({ name }) => idOf('queue', name)}
        empty={
          text === '' ? (
            <>
              No queue was ever used here. A job that is enqueued makes one: <code>tsworker enqueue</code>
            </>
          ) : (
            'No queue has this in its name.'
          )
        }
        columns={columns(model, ask)}
      />
      <Pager
        from={from}
        shown={rows.length}
        total={total}
        href={(next) => link('queues', { text, sort, from: next })}
      />
      <p class="source">
        As of <Time at={ask.snapshot.queues?.at} />. <Cli>tsworker queues list</Cli>
      </p>
    </>
  );
}

function columns({ text, sort }: QueuesModel, { snapshot, now }: Ask): Column<QueueRow>[] {
  const by = (name: QueueSort) => ({
    href: link('queues', { text, sort: name }),
    sort:
      sort !== name
        ? undefined
        : name === 'name' || name === 'workers' || name === 'wait'
          ? ('ascending' as const)
          : ('descending' as const),
  });
  return [
    {
      head: 'Queue',
      rowHead: true,
      ...by('name'),
      cell: ({ name }) => (
        <a href={link('queue', { name })}>
          <Text>{name}</Text>
        </a>
      ),
    },
    {
      head: 'Jobs',
      number: true,
      ...by('jobs'),
      cell: ({ size }) => (size === undefined ? 'not a list' : count(size)),
    },
    { head: 'Growth', number: true, ...by('growth'), minor: true, cell: ({ growth }) => signedRate(growth) },
    {
      head: 'Head waits',
      number: true,
      ...by('wait'),
      cell: ({ headAt }) => (headAt === undefined ? '-' : duration(now - headAt)),
    },
    { head: 'Retrying', number: true, minor: true, cell: ({ retrying }) => (retrying === 0 ? '-' : count(retrying)) },
    {
      head: 'Quarantined',
      number: true,
      minor: true,
      cell: ({ quarantined }) => (quarantined === 0 ? '-' : count(quarantined)),
    },
    {
      head: 'Workers',
      number: true,
      ...by('workers'),
      cell: ({ name }) => (snapshot.workers === undefined ? '…' : count(snapshot.workers.serving(name))),
    },
    { head: 'State', cell: (row) => <QueueState row={row} ask={{ snapshot }} /> },
  ];
}

export function QueueState({ row, ask }: { readonly row: QueueRow; readonly ask: Pick<Ask, 'snapshot'> }): View {
  const { figures, workers } = ask.snapshot;
  if (row.pause !== undefined)
    return (
      <span class="state paused">
        paused{row.pause.leftMs === undefined ? '' : ` for ${duration(row.pause.leftMs)}`}
      </span>
    );
  if (figures?.pause.paused) return <span class="state paused">all paused</span>;
  if (workers === undefined) return <span class="state">…</span>;
  return workers.serving(row.name) > 0 ? (
    <span class="state works">works</span>
  ) : (
    <span class="state lost">nobody</span>
  );
}

function PauseAll({ ask }: { readonly ask: Ask }): View | null {
  const pause = ask.snapshot.figures?.pause;
  if (pause === undefined) return null;
  return (
    <p class="actions">
      {pause.paused ? (
        <>
          <span class="state paused">Ruby and tsworker workers take no new jobs.</span>
          <Act ask={ask} action="resumeall" fields={{}}>
            Resume all workers
          </Act>
        </>
      ) : (
        <Act ask={ask} action="pauseall" fields={{}}>
          Pause all workers
        </Act>
      )}
    </p>
  );
}
