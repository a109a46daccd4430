import { count, duration } from '../../format.js';
import { type Ask, link, type View } from '../routes/page.js';
import { AllBox, OnChosen, RowBox } from './forms.js';
import { Arguments, Cli, Table, Text, Time } from './parts.js';

/** Masked. */
export interface ShownRetry {
  readonly id: string;
  readonly class: string;
  readonly queue: string;
  readonly dueAt: number;
  readonly payload: string;
  /** Of the run that comes next; undefined: another program wrote it. */
  readonly attempt: number | undefined;
  readonly error: string | undefined;
}

export interface RetriesModel {
  readonly queue: string;
  readonly queues: readonly { readonly name: string; readonly retrying: number }[];
  readonly jobs: readonly ShownRetry[];
}

export function RetriesView({
  model: { queue, queues, jobs },
  ask,
}: {
  readonly model: RetriesModel;
  readonly ask: Ask;
}): View {
  const { now } = ask;
  return (
    <>
      <h1>Retries</h1>
      <form method="get" action="retries" class="filters">
        <label>
          Queue{' '}
          <select name="queue">
            <option value="">all</option>
            {queues.slice(0, 500).map(({ name, retrying }) => (
              <option value={name} selected={name === queue}>
                {name} ({count(retrying)})
              </option>
            ))}
          </select>
        </label>
        <button type="submit">Show</button>
      </form>
      <form method="post" action="runretries" data-rows="">
        <p class="actions">
          <OnChosen ask={ask} action="runretries" shortcut="r">
            Run now
          </OnChosen>
          <OnChosen ask={ask} action="removeretries" shortcut="#" isDangerous={true}>
            Remove…
          </OnChosen>
          <span data-chosen="" role="status" />
        </p>
        <Table
          caption="Jobs that failed and run again, the next first"
          rows={jobs}
          id={({ id }) => `retry-${id}`}
          empty="No job waits to run again."
          columns={[
            {
              head: <AllBox />,
              cell: (job) => <RowBox name="retry" value={`${job.id} ${job.queue}`} label={`Choose ${job.class}`} />,
            },
            { head: 'Class', rowHead: true, cell: (job) => <Text>{job.class || 'unreadable'}</Text> },
            {
              head: 'Queue',
              cell: (job) => (
                <a href={link('queue', { name: job.queue })}>
                  <Text>{job.queue}</Text>
                </a>
              ),
            },
            {
              head: 'Runs again',
              cell: ({ dueAt }) => (
                <>
                  {dueAt < now ? 'now' : `in ${duration(dueAt - now)}`}{' '}
                  <small>
                    <Time at={dueAt} />
                  </small>
                </>
              ),
            },
            {
              head: 'Attempt',
              number: true,
              minor: true,
              cell: ({ attempt }) => (attempt === undefined ? '-' : count(attempt)),
            },
            { head: 'Last error', cell: ({ error }) => (error === undefined ? '-' : <Text>{error}</Text>) },
            { head: 'Arguments', minor: true, cell: ({ payload }) => <Arguments payload={payload} /> },
          ]}
        />
      </form>
      <p class="source">
        <Cli>tsworker retries</Cli>
      </p>
    </>
  );
}
