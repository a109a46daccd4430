import { count, counted, duration } from '../../format.js';
import { type Ask, link, type View } from '../routes/page.js';
import { Act } from './forms.js';
import { Ago, Cli, Table, Text, Time } from './parts.js';

/** Masked. */
interface ShownSchedule {
  readonly name: string;
  readonly class: string;
  readonly queue: string;
  readonly description: string;
  readonly timing: string;
  readonly paused: boolean;
  readonly nextAt: number | undefined;
  readonly lastAt: number | undefined;
  readonly by: string;
  readonly payload: string;
  readonly origin: string;
}

export interface SchedulesModel {
  readonly total: number;
  readonly jobs: readonly ShownSchedule[];
  readonly dynamicLeft: number;
  readonly problems: readonly string[];
}

export function SchedulesView({ model, ask }: { readonly model: SchedulesModel; readonly ask: Ask }): View {
  const { jobs, total, dynamicLeft, problems } = model;
  return (
    <>
      <h1>Schedules</h1>
      {problems.slice(0, 10).map((problem) => (
        <p class="problem">
          <Text most={500}>{problem}</Text>
        </p>
      ))}
      <Table
        caption={`Recurring jobs, the next first: ${count(total)}`}
        rows={jobs}
        id={({ name }) => `schedule-${Buffer.from(name).toString('hex')}`}
        empty={
          <>
            No recurring job is published. Those of the configuration (<code>schedule</code>) and of{' '}
            <code>job(&#123; cron &#125;)</code> are, when a worker starts; those of Ruby's scheduler stay in its
            process.
          </>
        }
        columns={[
          { head: 'Name', rowHead: true, cell: (job) => <Name job={job} /> },
          { head: 'When', cell: ({ timing }) => <Text>{timing}</Text> },
          { head: 'Next', cell: (job) => <Next job={job} now={ask.now} /> },
          { head: 'Last', minor: true, cell: ({ lastAt }) => <Ago at={lastAt} now={ask.now} /> },
          { head: 'By', minor: true, cell: ({ by }) => (by === '' ? '-' : <Text>{by}</Text>) },
          { head: 'Class', minor: true, cell: (job) => <Text>{job.class}</Text> },
          {
            head: 'Queue',
            minor: true,
            cell: ({ queue }) => (
              <a href={link('queue', { name: queue })}>
                <Text>{queue}</Text>
              </a>
            ),
          },
          { head: 'Actions', cell: (job) => <Acts job={job} ask={ask} /> },
        ]}
      />
      {dynamicLeft > 0 ? (
        <p class="source">
          {counted(dynamicLeft, 'entry', 'entries')} that Ruby programs added are left to Ruby's scheduler.
        </p>
      ) : null}
      <p class="source">
        <Cli>tsworker schedule</Cli>
      </p>
    </>
  );
}

function Name({ job: { name, description } }: { readonly job: ShownSchedule }): View {
  return (
    <>
      <Text>{name}</Text>
      {description === '' ? null : (
        <>
          <br />
          <small>
            <Text>{description}</Text>
          </small>
        </>
      )}
    </>
  );
}

function Next({ job: { nextAt, paused }, now }: { readonly job: ShownSchedule; readonly now: number }): View {
  if (paused) return <span class="state paused">paused</span>;
  if (nextAt === undefined) return <>never</>;
  return (
    <>
      {nextAt < now ? 'now' : `in ${duration(nextAt - now)}`}
      <br />
      <small>
        <Time at={nextAt} />
      </small>
    </>
  );
}

function Acts({ job: { name, paused }, ask }: { readonly job: ShownSchedule; readonly ask: Ask }): View {
  return (
    <>
      <Act ask={ask} action="runschedule" fields={{ name }} label={`Run now: ${name}`} shortcut="r">
        Run now
      </Act>{' '}
      {paused ? (
        <Act ask={ask} action="resumeschedule" fields={{ name }} label={`Resume ${name}`}>
          Resume
        </Act>
      ) : (
        <Act ask={ask} action="pauseschedule" fields={{ name }} label={`Pause ${name}`}>
          Pause
        </Act>
      )}
    </>
  );
}
