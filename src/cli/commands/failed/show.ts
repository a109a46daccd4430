/** `tsworker failed show`: all details of one entry. */
import { TsworkerError } from '../../../errors.js';
import { count, counted, duration, time } from '../../../format.js';
import { readBacktrace } from '../../../inspect/failed/backtrace.js';
import { resolveTargets } from '../../../inspect/failed/by-index.js';
import { entryId, FailedEntry, failureTime } from '../../../inspect/failed/entry.js';
import { fingerprint } from '../../../inspect/failed/fingerprint.js';
import { FailedList, type Listed } from '../../../inspect/failed/list.js';
import { argsText } from '../../../inspect/payload.js';
import { serverTimeMs } from '../../../registry/clock.js';
import { harmless } from '../../../terminal-text.js';
import { EXIT } from '../../command.js';
import { printDocument } from '../../json.js';
import { placeOf, type Session } from '../../session.js';
import { styleOf } from '../../style.js';
import { fields } from '../../table.js';
import type { FailedCall } from './filter.js';
import { asDocument } from './format.js';
import { ambiguousText, readTargets } from './targets.js';

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
  for (const [name, lines] of blocksOf(found.raw, entry, io)) io.out(block(name, lines, io));
  return EXIT.fine;
}

/** @throws TsworkerError STATE if the entry does not exist */
async function find(failed: FailedList, word: string, session: Session): Promise<Listed> {
  const targets = readTargets([word]);
  const [target] = targets;
  if (targets.length > 1 || ('from' in target && target.from !== target.to))
    throw new TsworkerError('USAGE', 'tsworker failed show takes one entry');
  const { found, ambiguous } = await resolveTargets(failed, targets, (listed) => listed);
  if (found.length > 0) return found[0];
  for (const one of ambiguous) throw new TsworkerError('STATE', ambiguousText(one));
  const jobs = `${counted(await failed.length(), 'failed job')} in ${placeOf(session)}`;
  throw new TsworkerError('STATE', `there is no entry ${word} among ${jobs}`, {
    hint: 'tsworker failed list shows them',
  });
}

function linesOf({ n, raw }: Listed, entry: FailedEntry, length: number, now: number): string[][] {
  const { class: name, wrapper, queue, exception, worker, failedAt, retriedAt, unreadable } = entry;
  const job = entry.requeue();
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
    ['kind', fingerprint(entry)],
    ...(unreadable === undefined ? known : []),
    ...(typeof job === 'string' ? [['retry', `not possible: ${job}`]] : []),
  ];
}

/** The parts with several lines. Frames of libraries are dimmed. */
function blocksOf(raw: Buffer, entry: FailedEntry, io: FailedCall['io']): [name: string, lines: readonly string[]][] {
  if (entry.unreadable !== undefined) return [['entry', harmlessLines(raw.toString())]];
  const { message, frames } = readBacktrace(entry);
  const { dim } = styleOf(io);
  const blocks: [string, readonly string[]][] = [
    ['error', harmlessLines(message)],
    ['backtrace', frames.map(({ text, isApp }) => (isApp ? harmless(text) : dim(harmless(text))))],
    ['payload', harmlessLines(entry.payload)],
  ];
  return blocks.filter(([, lines]) => lines.some((line) => line !== ''));
}

function block(name: string, lines: readonly string[], io: FailedCall['io']): string {
  const { bold } = styleOf(io);
  return `\n${bold(name)}\n${lines.map((line) => `  ${line}\n`).join('')}`;
}

function harmlessLines(text: string): readonly string[] {
  return text.split('\n').map(harmless);
}
