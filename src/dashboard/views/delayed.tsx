import { count, duration } from '../../format.js';
import type { DelayedJob } from '../../inspect/delayed-items.js';
import type { DelayedTime } from '../../inspect/delayed-times.js';
import { type Ask, link, type View } from '../routes/page.js';
import { AllBox, OnChosen, RowBox } from './forms.js';
import { Arguments, Cli, Pager, Table, Text, Time } from './parts.js';

export interface DelayedModel {
  readonly from: number;
  readonly total: number;
  /** Masked. */
  readonly times: readonly DelayedTime[];
}

interface Row extends DelayedJob {
  /** The first of its time: the others share it. */
  readonly isFirst: boolean;
  readonly size: number;
}

export function DelayedView({
  model: { from, total, times },
  ask,
}: {
  readonly model: DelayedModel;
  readonly ask: Ask;
}): View {
  const rows = times.flatMap(({ jobs, size }) => jobs.map((job, i): Row => ({ ...job, isFirst: i === 0, size })));
  return (
    <>
      <h1>Delayed</h1>
      <Scheduler ask={ask} />
      <form method="post" action="rundelayed" data-rows="">
        <p class="actions">
          <OnChosen ask={ask} action="rundelayed" shortcut="r">
            Run now
          </OnChosen>
          <OnChosen ask={ask} action="removedelayed" shortcut="#" isDangerous={true}>
            Remove…
          </OnChosen>
          <span data-chosen="" role="status" />
        </p>
        <Table
          caption="Delayed jobs, the next first"
          rows={rows}
          id={({ id }) => `delayed-${id}`}
          empty={
            <>
              No job is delayed. This delays one: <code>tsworker enqueue -in=10m</code>
            </>
          }
          columns={[
            {
              head: <AllBox />,
              cell: ({ id, dueAt = 0, class: name }) => (
                <RowBox name="delayed" value={`${Math.floor(dueAt)}-${id}`} label={`Choose ${name}`} />
              ),
            },
            { head: 'Due', cell: (row) => (row.isFirst ? <Due row={row} now={ask.now} /> : '') },
            { head: 'Class', rowHead: true, cell: ({ class: name }) => <Text>{name || 'unreadable'}</Text> },
            {
              head: 'Queue',
              cell: ({ queue }) =>
                queue === '' ? (
                  'none'
                ) : (
                  <a href={link('queue', { name: queue })}>
                    <Text>{queue}</Text>
                  </a>
                ),
            },
            { head: 'Arguments', minor: true, cell: ({ payload }) => <Arguments payload={payload} /> },
          ]}
        />
      </form>
      <Pager
        from={from}
        shown={times.length}
        total={total}
        href={(next) => link('delayed', { from: next })}
        unit="times"
      />
      <p class="source">
        <Cli>tsworker delayed</Cli>
      </p>
    </>
  );
}

function Due({ row: { dueAt, size }, now }: { readonly row: Row; readonly now: number }): View {
  if (dueAt === undefined) return <>never: its time is no number</>;
  const when = dueAt < now ? `overdue ${duration(now - dueAt)}` : `in ${duration(dueAt - now)}`;
  return (
    <>
      <span class={dueAt < now - 30_000 ? 'state lost' : undefined}>{when}</span>
      <br />
      <small>
        <Time at={dueAt} />, {count(size)} {size === 1 ? 'job' : 'jobs'}
      </small>
    </>
  );
}

function Scheduler({ ask: { snapshot } }: { readonly ask: Ask }): View {
  const holders = snapshot.figures?.schedulers ?? [];
  if (holders.length === 0)
    return (
      <p class={snapshot.figures?.delayedTimes ? 'problem' : 'source'}>
        No scheduler holds the lock: a tsworker with -scheduler=on, or Ruby's, moves jobs when they are due.
      </p>
    );
  return (
    <p class="source">
      Moved by <Text>{holders.join(', ')}</Text>
    </p>
  );
}
