import { count, duration, rate } from '../../format.js';
import type { Finding } from '../model/attention.js';
import type { Series } from '../model/series.js';
import type { QueueRow, WorkerRow } from '../model/snapshot.js';
import { type Ask, link, type View } from '../routes/page.js';
import { HistoryView } from './history.js';
import { Figure, idOf, signedRate, Table, Text } from './parts.js';
import { State } from './worker-parts.js';

export interface OverviewModel {
  readonly findings: readonly Finding[];
  readonly running: readonly WorkerRow[];
  readonly busiest: readonly QueueRow[];
  /** undefined: it was not read yet. */
  readonly series: Series | undefined;
}

interface Props {
  readonly model: OverviewModel;
  readonly ask: Ask;
}

export function OverviewView({ model, ask }: Props): View {
  return (
    <>
      <h1 class="hidden">Overview</h1>
      <Attention findings={model.findings} isKnown={ask.snapshot.figures !== undefined} />
      <Figures ask={ask} />
      <HistoryView series={model.series} isReadOnly={ask.dashboard.options.readOnly} />
      <div class="columns">
        <section aria-labelledby="running-title">
          <h2 id="running-title">Running longest</h2>
          <Running rows={model.running} now={ask.now} />
        </section>
        <section aria-labelledby="busiest-title">
          <h2 id="busiest-title">Busiest queues</h2>
          <Busiest rows={model.busiest} ask={ask} />
        </section>
      </div>
    </>
  );
}

function Attention({ findings, isKnown }: { readonly findings: readonly Finding[]; readonly isKnown: boolean }): View {
  return (
    <section class="attention" aria-labelledby="attention-title">
      <h2 id="attention-title">Needs attention</h2>
      {findings.length === 0 ? (
        <p class="fine">{isKnown ? 'Nothing needs you.' : 'Nothing was read yet.'}</p>
      ) : (
        <ul>
          {findings.map((finding) => {
            const { mark, text, href } = sentence(finding);
            return (
              <li id={idOf('finding', `${finding.kind} ${href} ${mark}`)}>
                <b>
                  <Text>{mark}</Text>
                </b>{' '}
                <Text>{text}</Text>{' '}
                <a href={href} aria-label={`Look: ${mark}`}>
                  Look
                </a>
              </li>
            );
          })}
        </ul>
      )}
    </section>
  );
}

const jobs = (number: number) => `${count(number)} ${number === 1 ? 'job' : 'jobs'}`;
const toQueue = (queue: string) => link('queue', { name: queue });

function sentence(finding: Finding): { readonly mark: string; readonly text: string; readonly href: string } {
  switch (finding.kind) {
    case 'failing': {
      const { kind, class: name, exception, hour, hourBefore } = finding.failure;
      return {
        mark: [name, exception].filter((text) => text !== '').join(' · '),
        text: `${count(hour)} failed in the last hour, ${count(hourBefore)} in the hour before`,
        href: link('failed', { kind, view: 'list' }),
      };
    }
    case 'paused':
      return { mark: 'Paused', text: 'Ruby and tsworker workers take no new jobs', href: 'queues' };
    case 'queue-paused':
      return { mark: finding.queue, text: `is paused: ${jobs(finding.jobs)} wait`, href: toQueue(finding.queue) };
    case 'nobody':
      return {
        mark: finding.queue,
        text: `${jobs(finding.jobs)}, and no worker takes jobs of it`,
        href: toQueue(finding.queue),
      };
    case 'slow':
      return {
        mark: finding.queue,
        text: `its next job has waited for ${duration(finding.waitsMs)}`,
        href: toQueue(finding.queue),
      };
    case 'unreadable':
      return { mark: finding.queue, text: `its next job is no job: ${finding.problem}`, href: toQueue(finding.queue) };
    case 'quarantined':
      return {
        mark: finding.queue,
        text: `${jobs(finding.jobs)} in quarantine: two processes died with each`,
        href: toQueue(finding.queue),
      };
    case 'lost':
      return { mark: finding.worker, text: lostText(finding), href: link('worker', { id: finding.worker }) };
    case 'more-lost':
      return { mark: count(finding.workers), text: 'more workers are lost', href: 'workers?state=lost' };
    case 'blocked':
      return {
        mark: finding.process,
        text: `a job has blocked its event loop for ${duration(finding.forMs)}`,
        href: link('workers', { text: finding.process }),
      };
    case 'no-scheduler':
      return {
        mark: 'Delayed jobs',
        text: `are overdue for ${duration(finding.overdueMs)}: no scheduler moves them`,
        href: 'delayed',
      };
    case 'memory':
      return {
        mark: 'Redis',
        text: `uses ${megabytes(finding.used)} of ${megabytes(finding.limit)} MB (${finding.policy})`,
        href: './',
      };
    case 'evicted':
      return {
        mark: 'Redis',
        text: `has thrown away ${count(finding.keys)} keys for want of memory (${finding.policy}): jobs may be lost`,
        href: './',
      };
  }
}

function lostText({ job, silentMs }: Extract<Finding, { kind: 'lost' }>): string {
  const since = silentMs === undefined ? '' : ` for ${duration(silentMs)}`;
  return `is lost${since}${job === undefined ? '' : `, with a job of ${job}`}`;
}

function megabytes(bytes: number): string {
  return count(Math.round(bytes / 1_000_000));
}

function Figures({ ask: { snapshot } }: { readonly ask: Ask }): View {
  const { figures, queues, workers } = snapshot;
  const number = (value: number | undefined) => (value === undefined ? '-' : count(value));
  const perSecond = (value: number | undefined) => (value === undefined ? '' : `${rate(value)}/s`);
  return (
    <dl class="figures" id="figures">
      <Figure name="Processed">
        {number(figures?.processed)} <small>{perSecond(figures?.rates?.processed)}</small>
      </Figure>
      <Figure name="Failed">
        {number(figures?.failed)} <small>{perSecond(figures?.rates?.failed)}</small>
      </Figure>
      <Figure name="Waiting" href="queues">
        {number(queues?.waiting)}
      </Figure>
      <Figure name="Busy" href="busy">
        {number(workers?.counts.working)} <small>of {number(workers?.counts.total)}</small>
      </Figure>
      <Figure name="Failed list" href="failed">
        {number(figures?.failedList)}
      </Figure>
      <Figure name="Retrying" href="retries">
        {number(queues?.retrying)}
      </Figure>
      <Figure name="Delayed" href="delayed">
        {number(figures?.delayedTimes)} <small>times</small>
      </Figure>
    </dl>
  );
}

function Running({ rows, now }: { readonly rows: readonly WorkerRow[]; readonly now: number }): View {
  return (
    <Table
      caption="The jobs that have run for longest"
      rows={rows}
      id={({ id }) => idOf('running', id)}
      empty="No job runs now."
      columns={[
        { head: 'Class', rowHead: true, cell: ({ job }) => <Text>{job?.class || 'unreadable'}</Text> },
        {
          head: 'Queue',
          cell: ({ job }) => (
            <a href={toQueue(job?.queue ?? '')}>
              <Text>{job?.queue ?? ''}</Text>
            </a>
          ),
        },
        { head: 'For', number: true, cell: ({ job }) => (job?.since === undefined ? '-' : duration(now - job.since)) },
        {
          head: 'Worker',
          minor: true,
          cell: ({ id }) => (
            <a href={link('worker', { id })}>
              <Text most={60}>{id}</Text>
            </a>
          ),
        },
        { head: 'State', minor: true, cell: (row) => <State row={row} now={now} /> },
      ]}
    />
  );
}

function Busiest({ rows, ask: { snapshot, now } }: { readonly rows: readonly QueueRow[]; readonly ask: Ask }): View {
  return (
    <Table
      caption="The queues with the most jobs"
      rows={rows}
      id={({ name }) => idOf('busiest', name)}
      empty={
        <>
          No queue was ever used here. A job that is enqueued makes one: <code>tsworker enqueue</code>
        </>
      }
      columns={[
        {
          head: 'Queue',
          rowHead: true,
          cell: ({ name }) => (
            <a href={toQueue(name)}>
              <Text>{name}</Text>
            </a>
          ),
        },
        { head: 'Jobs', number: true, cell: ({ size }) => (size === undefined ? 'not a list' : count(size)) },
        { head: 'Growth', number: true, minor: true, cell: ({ growth }) => signedRate(growth) },
        {
          head: 'Head waits',
          number: true,
          cell: ({ headAt }) => (headAt === undefined ? '-' : duration(now - headAt)),
        },
        {
          head: 'Workers',
          number: true,
          cell: ({ name }) => (snapshot.workers === undefined ? '…' : count(snapshot.workers.serving(name))),
        },
      ]}
    />
  );
}
