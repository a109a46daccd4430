/**
 * Runs operations on failed jobs in the background, one at a time for a namespace: retries or removes all that match, step by
 * step, bounded to what was there when its user agreed; brings back what was removed. It can be cancelled between two steps,
 * and where the process dies, all that was done stands. Knows neither pages nor forms.
 */
import { Sweep } from '../../inspect/failed/bulk.js';
import { entryId, FailedEntry } from '../../inspect/failed/entry.js';
import { type Anchor, FailedList, type Listed } from '../../inspect/failed/list.js';
import { Pace } from '../../inspect/failed/pace.js';
import { Remover } from '../../inspect/failed/remove.js';
import { restore } from '../../inspect/failed/restore.js';
import type { Connection } from '../../redis/connection.js';
import type { Keys } from '../../resque/keys.js';
import { type FailureFilter, listFilter } from '../failures/filter.js';
import { keyOf } from '../failures/summary.js';
import { payloadHash } from '../failures/table.js';
import type { Redactor } from '../redact/redactor.js';
import { newId, type OperationKind, type OperationRecord, OperationRecords } from './record.js';

/** What somebody has agreed to. */
export interface OperationPlan {
  readonly kind: Exclude<OperationKind, 'undo'>;
  readonly title: string;
  readonly filter: FailureFilter;
  readonly to?: string | undefined;
  readonly rate?: number | undefined;
  readonly agreed: number;
  /** Of what was there then: see {@link FailedList.anchors}. */
  readonly upTo: readonly Anchor[];
  /** Removal: what is removed can be brought back for an hour. */
  readonly keeps?: boolean;
}

export interface OperationsOptions {
  readonly connection: Connection;
  readonly keys: Keys;
  readonly redactor: Redactor;
  /** Entries that were taken out of the list, by id. */
  readonly onTaken: (ids: readonly string[]) => void;
  readonly log: { info(fields: object, text: string): void };
}

/** Another operation runs. */
export class OperationBusyError extends Error {}

/** Removed entries that are kept for an undo: so many, and so many bytes. */
export const MOST_KEPT = 10_000;
export const MOST_KEPT_BYTES = 16 * 1024 * 1024;
export const KEPT_MS = 3_600_000;
const MOST_PAYLOADS = 1000;
const BETWEEN_SAVES_MS = 500;
/** The end of an operation is written as long as its lock would hold. */
const SAVE_ATTEMPTS = 15;
const BETWEEN_ATTEMPTS_MS = 2000;

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

interface Running {
  readonly record: Mutable<OperationRecord>;
  readonly over: AbortController;
  readonly ended: Promise<void>;
}

export class Operations {
  readonly records: OperationRecords;
  readonly #options: OperationsOptions;
  #running: Running | undefined;
  #closing = false;

  constructor(options: OperationsOptions) {
    this.#options = options;
    this.records = new OperationRecords(options.connection, options.keys);
  }

  /** @throws OperationBusyError while another one runs, here or in another dashboard */
  async start(plan: OperationPlan, user: string): Promise<OperationRecord> {
    const { kind, title, filter, to, rate, agreed } = plan;
    const record = { ...this.newRecord({ kind, title, filter, user, agreed }), to, rate };
    return await this.#begin(record, (work) => this.#sweep(work, plan));
  }

  /** Brings back what an operation has removed. */
  async undo(removal: OperationRecord, user: string): Promise<OperationRecord> {
    const { filter, title, done } = removal;
    const record = this.newRecord({ kind: 'undo', title, filter, user, agreed: done });
    return await this.#begin({ ...record, undoes: removal.id }, (work) => this.#restore(work, removal));
  }

  newRecord(
    of: Pick<OperationRecord, 'kind' | 'title' | 'filter' | 'user' | 'agreed'>,
    now = Date.now(),
  ): OperationRecord {
    return { id: newId(now), ...of, done: 0, left: [], seen: 0, of: of.agreed, state: 'running', startedAt: now };
  }

  /** What was done at once, and is over. */
  async note(record: OperationRecord, entries: readonly Listed[]): Promise<void> {
    this.#options.onTaken(entries.map(({ raw }) => entryId(raw)));
    await this.records.write({ ...record, state: 'done', endedAt: Date.now() });
    if (record.kind === 'retry') await this.records.writePayloads(record.id, hashesOf(entries));
    await this.records.trim();
  }

  async cancel(id: string): Promise<void> {
    if (this.#running?.record.id === id) this.#running.over.abort();
    else await this.records.askToCancel(id);
  }

  /** As it is at this moment, where it runs here. */
  here(id: string): OperationRecord | undefined {
    return this.#running?.record.id === id ? { ...this.#running.record } : undefined;
  }

  /** Ends what runs here after its step. */
  async close(): Promise<void> {
    this.#closing = true;
    this.#running?.over.abort();
    await this.#running?.ended;
  }

  async #begin(record: OperationRecord, run: (work: Work) => Promise<void>): Promise<OperationRecord> {
    // Its end is being written.
    if (this.#running !== undefined && this.#running.record.state !== 'running') await this.#running.ended;
    if (this.#running !== undefined || this.#closing || !(await this.records.lock(record.id)))
      throw new OperationBusyError('another operation runs: wait for its end, or cancel it');
    await this.records.write(record);
    const over = new AbortController();
    const own: Mutable<OperationRecord> = { ...record };
    const work: Work = { record: own, signal: over.signal, payloads: [], savedAt: 0, note: () => {} };
    const ended = this.#carryOut(work, run).finally(() => {
      this.#running = undefined;
    });
    this.#running = { record: own, over, ended };
    return record;
  }

  async #carryOut(work: Work, run: (work: Work) => Promise<void>): Promise<void> {
    const { record } = work;
    try {
      await run(work);
      record.state = work.signal.aborted ? (this.#closing ? 'interrupted' : 'cancelled') : 'done';
    } catch (error) {
      record.state = 'failed';
      const why = error instanceof Error ? error.message : String(error);
      record.problem = `${why}. What was done stands; the last step may or may not have happened`;
    }
    work.note();
    record.endedAt = Date.now();
    await this.#end(work);
    const { id, kind, title, user, agreed, done, state, left } = record;
    const ms = record.endedAt - record.startedAt;
    const operation = {
      id,
      kind,
      title,
      user,
      agreed,
      done,
      state,
      left: left.reduce((sum, { jobs }) => sum + jobs, 0),
      ms,
    };
    this.#options.log.info({ operation }, `dashboard: operation ${id} ${state}`);
  }

  /** Redis may be away just now. */
  async #end({ record, payloads }: Work): Promise<void> {
    for (let attempt = 1; attempt <= (this.#closing ? 1 : SAVE_ATTEMPTS); attempt++)
      try {
        await this.records.write({ ...record });
        if (payloads.length > 0) await this.records.writePayloads(record.id, payloads);
        await this.records.unlock(record.id);
        return await this.records.trim();
      } catch {
        await new Promise((resolve) => setTimeout(resolve, this.#closing ? 0 : BETWEEN_ATTEMPTS_MS).unref());
      }
  }

  async #sweep(work: Work, plan: OperationPlan): Promise<void> {
    const { connection, keys, redactor } = this.#options;
    const { record } = work;
    const { kind, to, agreed, upTo, keeps = false, rate } = plan;
    const trash = keeps ? keys.trashOf(record.id) : undefined;
    const pace = new Pace(rate);
    const sweep = new Sweep(new FailedList(connection, keys), new Remover(connection, keys, trash), {
      ...{ action: { kind, to }, filter: listFilter(plan.filter, redactor), upTo, mostTaken: agreed },
      ...(pace.step === undefined ? {} : { step: pace.step }),
    });
    work.note = () => {
      record.left = reasons(sweep, redactor);
    };
    let bytes = 0;
    for await (const step of sweep.steps()) {
      record.done += step.taken.length;
      [record.seen, record.of] = [step.seen, step.of];
      bytes += step.entries.reduce((sum, { raw }) => sum + raw.length, 0);
      if (keeps && step.taken.length > 0) record.undoUntil = Date.now() + KEPT_MS;
      this.#options.onTaken(step.entries.map(({ raw }) => entryId(raw)));
      if (kind === 'retry') this.#remember(work, step.entries);
      if (keeps && bytes > MOST_KEPT_BYTES) throw new Error(TOO_LARGE);
      if (await this.#isOver(work)) break;
      await pace.after(step.taken.length, work.signal);
    }
  }

  #remember({ payloads }: Work, entries: readonly Listed[]): void {
    if (payloads.length < MOST_PAYLOADS) payloads.push(...hashesOf(entries).slice(0, MOST_PAYLOADS - payloads.length));
  }

  async #restore(work: Work, removal: OperationRecord): Promise<void> {
    const { connection, keys } = this.#options;
    for await (const restored of restore(connection, keys, keys.trashOf(removal.id))) {
      work.record.done += restored;
      work.record.seen = work.record.done;
      if (await this.#isOver(work)) break;
    }
    const { undoUntil: _, ...rest } = removal;
    await this.records.write(work.signal.aborted ? removal : { ...rest, undoneBy: work.record.id });
  }

  /** Writes now and then how far it is. */
  async #isOver(work: Work): Promise<boolean> {
    const { record, signal } = work;
    if (signal.aborted) return true;
    const now = performance.now();
    if (now - work.savedAt < BETWEEN_SAVES_MS) return false;
    work.savedAt = now;
    if (!(await this.records.renew(record.id)))
      throw new Error('it had to wait too long for Redis, and another operation runs now');
    work.note();
    await this.records.write({ ...record });
    if (await this.records.isToCancel(record.id)) this.#running?.over.abort();
    return signal.aborted;
  }
}

const TOO_LARGE = `its entries are larger than can be kept for an undo (${MOST_KEPT_BYTES / 1024 / 1024} MB): remove the rest without`;

interface Work {
  readonly record: Mutable<OperationRecord>;
  readonly signal: AbortSignal;
  readonly payloads: string[];
  savedAt: number;
  /** Before it is written: what is added up only then. */
  note(): void;
}

function hashesOf(entries: readonly Listed[]): readonly string[] {
  return entries.map(({ raw }) => keyOf(payloadHash(new FailedEntry(raw), raw)));
}

const MOST_REASONS = 5;

/** Some of them show what stands in the payload. */
function reasons({ left }: Sweep, redactor: Redactor): OperationRecord['left'] {
  const counts = new Map<string, number>();
  for (const { why } of left) counts.set(why, (counts.get(why) ?? 0) + 1);
  const all = [...counts].map(([why, jobs]) => ({ why: redactor.text(why), jobs })).sort((a, b) => b.jobs - a.jobs);
  const rest = all.slice(MOST_REASONS).reduce((sum, { jobs }) => sum + jobs, 0);
  return [...all.slice(0, MOST_REASONS), ...(rest > 0 ? [{ why: 'other reasons', jobs: rest }] : [])];
}
