import { count, duration } from '../../format.js';
import type { WorkerDetails, WorkerSeen } from '../../inspect/workers.js';
import { quoted } from '../../shell-word.js';
import { type Ask, link, type View } from '../routes/page.js';
import { Act } from './forms.js';
import { Ago, Arguments, Cli, Figure, Text, Time } from './parts.js';
import { State } from './worker-parts.js';

export interface WorkerModel {
  /** Its job is masked. */
  readonly worker: WorkerSeen;
  readonly details: WorkerDetails;
}

export function WorkerView({
  model: { worker, details },
  ask,
}: {
  readonly model: WorkerModel;
  readonly ask: Ask;
}): View {
  const { now } = ask;
  return (
    <>
      <h1>
        Worker <Text most={120}>{worker.id}</Text>
      </h1>
      <dl class="figures">
        <Figure name="State">
          <State row={worker} now={now} />
        </Figure>
        <Figure name="Processed">{details.processed === undefined ? '-' : count(details.processed)}</Figure>
        <Figure name="Failed">{details.failed === undefined ? '-' : count(details.failed)}</Figure>
        <Figure name="Heartbeat">
          <Ago at={worker.heartbeatAt} now={now} />
        </Figure>
      </dl>
      <dl class="facts">
        <dt>Host</dt>
        <dd>
          <a href={link('workers', { text: worker.host })}>
            <Text>{worker.host}</Text>
          </a>
        </dd>
        <dt>Process</dt>
        <dd>{worker.pid ?? '-'}</dd>
        <dt>Queues</dt>
        <dd>
          <Text most={500}>{worker.queues.join(', ')}</Text>
        </dd>
        <dt>Started</dt>
        <dd>
          <Time at={details.startedAt} />
        </dd>
      </dl>
      <Orders worker={worker} ask={ask} />
      <Job model={{ worker, details }} now={now} />
      <p class="source">
        <Cli>{`tsworker workers show ${quoted(worker.id)}`}</Cli>
      </p>
    </>
  );
}

function Job({ model: { worker }, now }: { readonly model: WorkerModel; readonly now: number }): View {
  const { job } = worker;
  if (job === undefined) return <p class="empty">It runs no job now.</p>;
  return (
    <section aria-labelledby="job-title">
      <h2 id="job-title">
        Runs <Text>{job.class || 'something unreadable'}</Text>
      </h2>
      <dl class="facts">
        <dt>Queue</dt>
        <dd>
          <a href={link('queue', { name: job.queue })}>
            <Text>{job.queue}</Text>
          </a>
        </dd>
        <dt>For</dt>
        <dd>{job.since === undefined ? '-' : duration(now - job.since)}</dd>
        {job.problem === undefined ? null : (
          <>
            <dt>Problem</dt>
            <dd>
              <Text>{job.problem}</Text>
            </dd>
          </>
        )}
        <dt>Arguments</dt>
        <dd>
          <Arguments payload={job.payload} most={20_000} />
        </dd>
      </dl>
    </section>
  );
}

/** Only tsworker's take them. */
function Orders({ worker, ask }: { readonly worker: WorkerSeen; readonly ask: Ask }): View | null {
  const { id, pid, state, ours, host } = worker;
  if (state === 'lost' || pid === undefined || !(ours || /\.ts(\.\d+)?$/.test(host))) return null;
  const fields = { id };
  return (
    <div class="actions">
      {worker.job === undefined ? null : (
        <Act ask={ask} action="canceljob" fields={fields} isDangerous={true}>
          Cancel its job
        </Act>
      )}
      <Act ask={ask} action="quietworker" fields={fields}>
        Quiet its process
      </Act>
      <Act ask={ask} action="resumeworker" fields={fields}>
        Resume its process
      </Act>
      <Act ask={ask} action="stopworker" fields={fields} isDangerous={true}>
        Stop its process
      </Act>
    </div>
  );
}
