/** `tsworker failed`: selects the sub-command. Entries and retries are implemented in inspect/failed/. */

import { keepSmall } from '../../memory.js';
import { withRedis } from '../../session.js';
import { clear, remove, retry } from './act.js';
import { count } from './count.js';
import type { FailedCall } from './filter.js';
import { list } from './list.js';
import { show } from './show.js';

const VERBS = { list, count, show, retry, remove, clear };

export async function failed(call: FailedCall): Promise<number> {
  keepSmall();
  return await withRedis(call, (session) => VERBS[call.verb as keyof typeof VERBS](call, session));
}
