import { count, duration } from '../../format.js';
import type { QueuedJob } from '../../inspect/queues.js';
import { quoted } from '../../shell-word.js';
import type { QueueRow } from '../model/snapshot.js';
import { type Ask, link, type View } from '../routes/page.js';
import { Act, AllBox, OnChosen, RowBox } from './forms.js';
import { Arguments, Cli, type Column, Figure, Pager, signedRate, Table, Text } from './parts.js';
import { QueueState } from './queues.js';

export interface QueueModel {
  readonly row: QueueRow;
  readonly from: number;
  readonly jobs: readonly ShownJob[];
}

/** Masked. */
export interface ShownJob extends QueuedJob {
  /** Of its bytes: names it. */
  readonly sha1: string;
}

export function QueueView({ model, ask }: { readonly model: QueueModel; readonly ask: Ask }): View {
  const { row, from, jobs } = model;
  const { snapshot, now } = ask;
  const canChoose = ask.may('movejobs');
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
      <QueueActs row={row} ask={ask} />
      <form method="post" action="movejobs" data-rows="">
        <input type="hidden" name="name" value={row.name} />
        {canChoose && jobs.length > 0 ? <ChosenActs ask={ask} /> : null}
        <Table
          caption={`Jobs of ${row.name}, the next one first`}
          rows={jobs}
          id={({ index }) => `job-${index}`}
          empty="The queue is empty."
          className={({ problem }) => (problem === undefined ? undefined : 'bad')}
          columns={[
            ...(canChoose ? [boxes] : []),
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
      </form>
      <Pager
        from={from}
        shown={jobs.length}
        total={row.size ?? 0}
        href={(next) => link('queue', { name: row.name, from: next })}
      />
      <p class="source">
        <Cli>{`tsworker queues peek ${quoted(row.name)}`}</Cli>
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

const boxes: Column<ShownJob> = {
  head: <AllBox />,
  cell: ({ index, sha1, class: name }) => (
    <RowBox name="job" value={`${index}-${sha1}`} label={`Choose ${index}: ${name}`} />
  ),
};

function ChosenActs({ ask }: { readonly ask: Ask }): View {
  return (
    <p class="actions">
      <label>
        To queue <input name="to" maxlength={500} size={14} />
      </label>
      <OnChosen ask={ask} action="movejobs">
        Move the chosen
      </OnChosen>
      <OnChosen ask={ask} action="removejobs" shortcut="#" isDangerous={true}>
        Remove the chosen…
      </OnChosen>
      <span data-chosen="" role="status" />
    </p>
  );
}

function QueueActs({ row, ask }: { readonly row: QueueRow; readonly ask: Ask }): View {
  const fields = { name: row.name };
  const hasJobs = (row.size ?? 0) > 0;
  return (
    <div class="actions">
      {row.pause === undefined ? (
        <PauseForm row={row} ask={ask} />
      ) : (
        <Act ask={ask} action="resume" fields={fields}>
          Resume
        </Act>
      )}
      {row.quarantined > 0 ? (
        <Act ask={ask} action="release" fields={fields}>
          Release {count(row.quarantined)} from quarantine
        </Act>
      ) : null}
      {hasJobs ? (
        <>
          <Act ask={ask} action="move" fields={fields}>
            Move all…
          </Act>
          <Act ask={ask} action="purge" fields={fields} isDangerous={true}>
            Remove all jobs…
          </Act>
        </>
      ) : null}
      <Act ask={ask} action="removequeue" fields={fields} isDangerous={true}>
        Remove queue…
      </Act>
    </div>
  );
}

function PauseForm({ row, ask }: { readonly row: QueueRow; readonly ask: Ask }): View | null {
  if (!ask.may('pause')) return null;
  return (
    <form method="post" action="pause" class="inline">
      <input type="hidden" name="name" value={row.name} />
      <label>
        <span class="hidden">For how long</span>
        <select name="minutes">
          <option value="0">until resumed</option>
          <option value="15">15 minutes</option>
          <option value="60">1 hour</option>
          <option value="1440">1 day</option>
        </select>
      </label>{' '}
      <button type="submit">Pause</button>
    </form>
  );
}
