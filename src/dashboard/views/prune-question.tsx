import { count, duration } from '../../format.js';
import type { View } from '../routes/page.js';
import { idOf, Table, Text } from './parts.js';

interface PruneProps {
  readonly workers: readonly { readonly id: string; readonly job: string | undefined; readonly ours: boolean }[];
  readonly graceMs: number;
  readonly leftovers: number;
  readonly onDead: 'requeue' | 'fail';
}

const MOST = 200;

export function PruneQuestion({ workers, graceMs, leftovers, onDead }: PruneProps): View {
  const fate = (ours: boolean) => (ours && onDead === 'requeue' ? 'goes back to its queue' : 'goes to the failed list');
  return (
    <>
      <p>They are removed from the registry, and their jobs are recovered, as the workers do it themselves.</p>
      {graceMs > 0 ? (
        <p class="problem">
          For {duration(graceMs)} more nobody is judged by a heartbeat: Redis did not take any for a while.
        </p>
      ) : null}
      {leftovers > 0 ? <p>Keys of {count(leftovers)} workers that are registered no more are removed too.</p> : null}
      <Table
        caption="Dead workers"
        rows={workers.slice(0, MOST)}
        id={({ id }) => idOf('dead', id)}
        empty="No worker is dead."
        columns={[
          { head: 'Worker', rowHead: true, cell: ({ id }) => <Text>{id}</Text> },
          { head: 'Its job', cell: ({ job }) => (job === undefined ? '-' : <Text>{job || 'unreadable'}</Text>) },
          { head: 'which', cell: ({ job, ours }) => (job === undefined ? '-' : fate(ours)) },
        ]}
      />
    </>
  );
}
