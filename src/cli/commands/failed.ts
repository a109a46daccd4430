/** `tsworker failed`: which sub-command. What an entry is, and how it is retried, is inspect/failed/. */
import { clear, remove, retry } from '../failed/act.js';
import { count } from '../failed/count.js';
import type { FailedCall } from '../failed/filter.js';
import { list } from '../failed/list.js';
import { show } from '../failed/show.js';
import { keepSmall } from '../memory.js';
import { withRedis } from '../session.js';

const VERBS = { list, count, show, retry, remove, clear };

export async function failed(call: FailedCall): Promise<number> {
  keepSmall();
  return await withRedis(call, (session) => VERBS[call.verb as keyof typeof VERBS](call, session));
}
