/** A Ruby class inside a module has `::` in its name: an ES2022 string export name registers it. */
import { setTimeout as pause } from 'node:timers/promises';
import type { JobContext } from 'tsworker';

async function daily(this: JobContext, _queue: string, day: string, enqueuedAt: number): Promise<void> {
  this.log.debug({ waitMs: Date.now() - enqueuedAt }, 'demo wait');
  await pause(60, undefined, { signal: this.signal });
  this.log.trace({ day }, 'report written');
}

export { daily as 'Reports::Daily' };
