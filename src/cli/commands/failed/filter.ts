/** Converts the filter flags to a filter for entries, and describes it. Pure. */

import { time } from '../../../format.js';
import type { FailedFilter } from '../../../inspect/failed/filter.js';
import type { Call } from '../../command.js';
import type { FailedFlags } from './definition.js';

export type FailedCall = Call<FailedFlags>;

export function filterOf({
  class: classes,
  queue: queues,
  kind: kinds,
  since,
  before,
  error,
  retried,
}: FailedCall['flags']): FailedFilter {
  return { classes, queues, kinds, since, before, error, retried };
}

/** ` of class Charge in queue billing`; '' without filters. */
export function filterText({ classes, queues, kinds, since, before, error, retried }: FailedFilter): string {
  const parts = [
    ...(classes === undefined ? [] : [`of class ${classes.join(' or ')}`]),
    ...(queues === undefined ? [] : [`from queue ${queues.join(' or ')}`]),
    ...(kinds === undefined ? [] : [`of kind ${kinds.join(' or ')}`]),
    ...(since === undefined ? [] : [`since ${time(since)}`]),
    ...(before === undefined ? [] : [`before ${time(before)}`]),
    ...(error === undefined ? [] : [`with ${typeof error === 'string' ? JSON.stringify(error) : error}`]),
    ...(retried === undefined ? [] : [retried ? 'retried already' : 'not yet retried']),
  ];
  return parts.length === 0 ? '' : ` ${parts.join(', ')}`;
}
