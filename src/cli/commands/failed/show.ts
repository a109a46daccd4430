/** `tsworker failed show`: all that is known of one entry. */
import { TsworkerError } from '../../../errors.js';
import { entryId, FailedEntry, failureTime } from '../../../inspect/failed/entry.js';
import { FailedList, type Listed } from '../../../inspect/failed/list.js';
import { argsText } from '../../../inspect/payload.js';
import { serverTimeMs } from '../../../registry/clock.js';
import { EXIT } from '../../command.js';
import { count, counted, duration, time } from '../../format.js';
import { printDocument } from '../../json.js';
import { placeOf, type Session } from '../../session.js';
import { harmless, styleOf } from '../../style.js';
import { fields } from '../../table.js';
import type { FailedCall } from './filter.js';
import { asDocument } from './format.js';
import { readTargets } from './targets.js';

export async function show({ io, words, flags }: FailedCall, session: Session): Promise<number> {
  const failed = new FailedList(session.connection, session.keys);
  const found = await find(failed, words[0], session);
  if (flags.json) {
    printDocument(io, asDocument(found));
    return EXIT.fine;
  }
  const now = await serverTimeMs(session.connection);
  const entry = new FailedEntry(found.raw);
  io.out(fields(linesOf(found, entry, await failed.length(), now), io));
  for (const [name, lines] of blocksOf(found.raw, entry)) io.out(block(name, lines, io));
  return EXIT.fine;
}

/** @throws TsworkerError STATE where there is no such entry */
async function find(failed: FailedList, word: string, session: Session): Promise<Listed> {
  const [{ from, to, id }] = readTargets([word]);
  if (from !== to) throw new TsworkerError('USAGE', 'tsworker failed show takes one N');
  const found =
    id === undefined ? (await failed.read(from, 1))[0] : await failed.find((one) => one.startsWith(id), from);
  if (found !== undefined) return found;
  const jobs = `${counted(await failed.length(), 'failed job')} in ${placeOf(session)}`;
  throw new TsworkerError('STATE', `there is no entry ${word} among ${jobs}`, {
    hint: 'tsworker failed list shows them',
  });
}

function linesOf({ n, raw }: Listed, entry: FailedEntry, length: number, now: number): string[][] {
  const { class: name, wrapper, queue, exception, worker, failedAt, retriedAt, unreadable, job } = entry;
  const at = failureTime(entry);
  const known = [
    ['failed', at === undefined ? failedAt || '-' : `${time(at)} (${duration(now - at)} ago)`],
    ['class', wrapper === undefined ? name : `${name} (in ${wrapper})`],
    ['arguments', argsText(entry.payload)],
    ['queue', queue],
    ['worker', worker],
    ['exception', exception],
    ...(retriedAt === undefined ? [] : [['retried', `${retriedAt} (by Resque, which leaves the entry)`]]),
  ];
  return [
    ['N', `${n} of ${count(length)}; 0 is the oldest`],
    ['id', entryId(raw)],
    ...(unreadable === undefined ? known : []),
    ...(typeof job === 'string' ? [['retry', `not possible: ${job}`]] : []),
  ];
}

/** What has lines of its own. */
function blocksOf(raw: Buffer, entry: FailedEntry): [name: string, lines: readonly string[]][] {
  if (entry.unreadable !== undefined) return [['entry', raw.toString().split('\n')]];
  const blocks: [string, readonly string[]][] = [
    ['error', entry.error.split('\n')],
    ['backtrace', entry.backtrace],
    ['payload', [entry.payload]],
  ];
  return blocks.filter(([, lines]) => lines.some((line) => line !== ''));
}

function block(name: string, lines: readonly string[], io: FailedCall['io']): string {
  const { bold } = styleOf(io);
  return `\n${bold(name)}\n${lines.map((line) => `  ${harmless(line)}\n`).join('')}`;
}
