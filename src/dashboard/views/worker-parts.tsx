import { duration } from '../../format.js';
import type { WorkerRow } from '../model/snapshot.js';
import type { View } from '../routes/page.js';

type StateProps = Pick<WorkerRow, 'state' | 'liveness' | 'heartbeatAt'>;

/** In words, and never by its colour alone. */
export function State({
  row: { state, liveness, heartbeatAt },
  now,
}: {
  readonly row: StateProps;
  readonly now: number;
}): View {
  if (state !== 'lost')
    return (
      <span class={`state ${state}`}>
        {state}
        {liveness === 'unknown' ? ' (no heartbeat)' : ''}
      </span>
    );
  const why =
    liveness === 'gone'
      ? 'its process is gone'
      : heartbeatAt === undefined
        ? 'no heartbeat'
        : `no heartbeat for ${duration(now - heartbeatAt)}`;
  return <span class="state lost">lost: {why}</span>;
}
