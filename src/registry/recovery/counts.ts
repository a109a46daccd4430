/**
 * How many jobs the slots of a process have finished, as Redis counted them together with their outcomes. The counts
 * are removed with the worker, so they are read before, and again if a finish may have arrived in between.
 */
import type { Connection } from '../../redis/connection.js';
import type { Keys } from '../../resque/keys.js';

/** From the first job of the process to its last. */
export interface JobCounts {
  readonly processed: number;
  readonly failed: number;
}

export class SlotCounts {
  readonly #slots = new Map<string, JobCounts>();

  /** Reads the counts. A slot that is no longer registered keeps the counts that were read before. */
  async read(
    connection: Connection,
    keys: Pick<Keys, 'processedBy' | 'failuresOf'>,
    ids: readonly string[],
  ): Promise<void> {
    const names = ids.flatMap((id) => [keys.processedBy(id), keys.failuresOf(id)]);
    const values = ((await connection.send(['MGET', ...names])) as (string | null)[]).map(Number);
    ids.forEach((id, i) => {
      const before = this.#slots.get(id) ?? NOTHING;
      const processed = Math.max(before.processed, values[2 * i] || 0);
      const failed = Math.max(before.failed, values[2 * i + 1] || 0);
      this.#slots.set(id, { processed, failed });
    });
  }

  get sum(): JobCounts {
    let { processed, failed } = NOTHING;
    for (const slot of this.#slots.values()) {
      processed += slot.processed;
      failed += slot.failed;
    }
    return { processed, failed };
  }
}

const NOTHING: JobCounts = { processed: 0, failed: 0 };
