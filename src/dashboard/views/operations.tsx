import { count, duration } from '../../format.js';
import { filterFields } from '../failures/filter.js';
import type { OperationRecord } from '../operations/record.js';
import { type Ask, link, type View } from '../routes/page.js';
import { Ago, Table, Text, Time } from './parts.js';
import { Post } from './post.js';

export interface OperationModel {
  readonly record: OperationRecord;
  /** Retry: of how many jobs that are remembered how many have failed again. */
  readonly comebacks: { readonly retried: number; readonly back: number } | undefined;
}

const VERBS = { retry: 'retries', remove: 'removes', undo: 'brings back' } as const;
const DONE = { retry: 'retried', remove: 'removed', undo: 'brought back' } as const;

export function OperationsView({
  records,
  ask,
}: {
  readonly records: readonly OperationRecord[];
  readonly ask: Ask;
}): View {
  return (
    <>
      <h1>Operations</h1>
      <Table
        caption="What was done to failed jobs, the newest first"
        rows={records}
        id={({ id }) => `operation-${id}`}
        empty="Nothing was done here yet. A retry or a removal on the page of failures stands here, with who did it."
        columns={[
          {
            head: 'What',
            rowHead: true,
            cell: ({ id, user, kind, title }) => (
              <a href={link('operation', { id })}>
                <Text>{`${user} ${VERBS[kind] ?? kind} ${title}`}</Text>
              </a>
            ),
          },
          { head: 'Done', number: true, cell: ({ done, agreed }) => `${count(done)} of ${count(agreed)}` },
          { head: 'State', cell: (record) => <OperationState record={record} /> },
          { head: 'When', cell: ({ startedAt }) => <Ago at={startedAt} now={Date.now()} /> },
          { head: 'Undo', cell: (record) => <Undo record={record} ask={ask} /> },
        ]}
      />
    </>
  );
}

function OperationState({ record: { state } }: { readonly record: OperationRecord }): View {
  const mood = state === 'done' ? 'works' : state === 'running' ? 'working' : 'lost';
  return <span class={`state ${mood}`}>{state}</span>;
}

function Undo({ record, ask }: { readonly record: OperationRecord; readonly ask: Ask }): View | null {
  const { id, kind, undoUntil = 0, undoneBy, state, title } = record;
  if (kind !== 'remove' || state === 'running') return null;
  if (undoneBy !== undefined) return <a href={link('operation', { id: undoneBy })}>undone</a>;
  const leftMs = undoUntil - Date.now();
  if (leftMs <= 0 || !ask.may('undo')) return null;
  return (
    <Post action="undo" fields={{ id }} label={`Undo the removal of ${title}`}>
      {`Undo (${duration(leftMs)} left)`}
    </Post>
  );
}

export function OperationView({
  model: { record, comebacks },
  ask,
}: {
  readonly model: OperationModel;
  readonly ask: Ask;
}): View {
  const { id, kind, user, title, agreed, done, state, rate, to, problem } = record;
  return (
    <>
      <h1>
        <Text>{`${user} ${VERBS[kind] ?? kind} ${title}`}</Text>
      </h1>
      <p>
        <progress value={done} max={agreed} aria-label="done">
          {done}
        </progress>{' '}
        <b>
          {count(done)} of {count(agreed)} {DONE[kind]}
        </b>{' '}
        <OperationState record={record} />
      </p>
      {problem === undefined ? null : (
        <p class="problem" role="alert">
          <Text most={500}>{problem}</Text>
        </p>
      )}
      {state === 'interrupted' ? (
        <p class="problem">
          The process that ran it is gone. All that was done stands; nothing is half done. Go on by doing it once more.
        </p>
      ) : null}
      <dl class="facts">
        <dt>Started</dt>
        <dd>
          <Time at={record.startedAt} />
        </dd>
        <dt>Ended</dt>
        <dd>
          <Time at={record.endedAt} />
        </dd>
        <dt>Looked at</dt>
        <dd>
          {count(record.seen)} of {count(record.of)}
        </dd>
        {rate === undefined ? null : <Fact name="Rate">{`${count(rate)} a second`}</Fact>}
        {to === undefined ? null : <Fact name="To queue">{to}</Fact>}
        {Object.entries(filterFields(record.filter)).map(([name, value]) => (
          <Fact name={name}>{value}</Fact>
        ))}
        {record.left.map(({ why, jobs }) => (
          <Fact name="Left">{`${count(jobs)}: ${why}`}</Fact>
        ))}
        {comebacks === undefined || comebacks.retried === 0 ? null : (
          <Fact name="Came back">{`${count(comebacks.back)} of ${count(comebacks.retried)} have failed again since`}</Fact>
        )}
      </dl>
      <div class="actions">
        {state === 'running' && ask.may('cancel') ? (
          <Post action="cancel" fields={{ id }}>
            Cancel
          </Post>
        ) : null}
        <Undo record={record} ask={ask} />
        {state === 'running' ? <a href={link('operation', { id })}>Look again</a> : null}
        <a href={link('failed', filterFields(record.filter))}>These failures</a>
      </div>
    </>
  );
}

function Fact({ name, children }: { readonly name: string; readonly children: string }): View {
  return (
    <>
      <dt>{name}</dt>
      <dd>
        <Text>{children}</Text>
      </dd>
    </>
  );
}
