/** `tsworker locks`: lists, shows and releases the locks of unique jobs. */
import { TsworkerError } from '../../../errors.js';
import { counted, duration } from '../../../format.js';
import { slices } from '../../../inspect/batch.js';
import { findHolder, type Holder, type Lock, releaseLocks, walkLocks } from '../../../inspect/locks.js';
import { argsText } from '../../../inspect/payload.js';
import { type Call, EXIT } from '../../command.js';
import { confirm } from '../../confirm.js';
import { printLine, say } from '../../io.js';
import { printDocument, printLines, verbatim } from '../../json.js';
import { placeOf, type Session, withRedis } from '../../session.js';
import { fields, listed } from '../../table.js';
import type { LocksFlags } from './definition.js';

type LocksCall = Call<LocksFlags>;

const VERBS = { list, show, release };

export async function locks(call: LocksCall): Promise<number> {
  return await withRedis(call, (session) => VERBS[call.verb as keyof typeof VERBS](call, session));
}

const DEFAULT_COUNT = 20;
const STEP = 500;

async function list(call: LocksCall, session: Session): Promise<number> {
  const { io, flags } = call;
  const most = flags.count ?? DEFAULT_COUNT;
  const shown: Lock[] = [];
  let all = 0;
  for await (const lock of meant(call, session)) if (++all <= most) shown.push(lock);
  if (flags.json) {
    await printLines(io, shown.map(asLine));
    return EXIT.fine;
  }
  if (shown.length > 0) {
    const rows = shown.map((lock) => [hashOf(lock).slice(0, 7), lock.class, expiry(lock)]);
    io.out(`${listed(COLUMNS, rows, io)}\n`);
  }
  const which = flags.class === undefined ? '' : ` of ${flags.class.join(', ')}`;
  if (all === 0) printLine(io, `no locks of unique jobs${which} in ${placeOf(session)}`);
  else
    printLine(io, `${all > shown.length ? `${shown.length} of ` : ''}${counted(all, 'lock')} of unique jobs${which}`);
  return EXIT.fine;
}

const COLUMNS = [{ head: 'LOCK' }, { head: 'CLASS', give: 1 }, { head: 'EXPIRES IN', align: 'right' }] as const;

function meant({ flags, words }: LocksCall, { connection, keys }: Session): AsyncGenerator<Lock> {
  return walkLocks(connection, keys, { classes: flags.class, keys: words.length > 0 ? words : undefined });
}

function hashOf({ key }: Lock): string {
  return key.slice(key.lastIndexOf(':') + 1);
}

function expiry({ ttlMs }: Lock): string {
  return ttlMs < 0 ? 'never' : duration(ttlMs);
}

function asLine({ key, class: name, token, ttlMs }: Lock): unknown {
  return { lock: key, class: name, token, expiresInSeconds: ttlMs < 0 ? null : Math.ceil(ttlMs / 1000) };
}

async function show(call: LocksCall, session: Session): Promise<number> {
  const { io, flags, words } = call;
  const found: Lock[] = [];
  for await (const lock of meant(call, session)) found.push(lock);
  const [lock] = found;
  if (found.length !== 1) {
    say(io, lock === undefined ? `there is no lock ${words[0]}` : `${found.length} locks begin with ${words[0]}`);
    return EXIT.problem;
  }
  const holder = await findHolder(session.connection, session.keys, lock);
  if (flags.json) printDocument(io, { ...(asLine(lock) as object), job: holder === undefined ? null : asJob(holder) });
  else io.out(fields(pairsOf(lock, holder), io));
  return EXIT.fine;
}

function asJob({ place, queue, worker, class: name, payload }: Holder): unknown {
  return { place, queue, worker: worker ?? null, class: name, payload: verbatim(payload) };
}

const PLACES = {
  queued: 'in its queue',
  delayed: 'delayed',
  retrying: 'waits to run again',
  quarantined: 'in quarantine',
  running: 'runs',
} as const;

function pairsOf(lock: Lock, holder: Holder | undefined): [string, string][] {
  const pairs: [string, string][] = [
    ['lock', lock.key],
    ['class', lock.class],
    ['expires in', expiry(lock)],
  ];
  if (holder === undefined)
    return [
      ...pairs,
      ['job', 'none was found: it was lost, or ended where nobody knows of the lock (until: time too)'],
    ];
  return [
    ...pairs,
    ['job', PLACES[holder.place]],
    ['queue', holder.queue],
    ...(holder.worker === undefined ? [] : [['worker', holder.worker] as [string, string]]),
    ['arguments', argsText(holder.payload)],
    ['payload', holder.payload],
  ];
}

async function release(call: LocksCall, session: Session): Promise<number> {
  const { io, flags, words } = call;
  if (words.length === 0 && flags.class === undefined && !flags.all)
    throw new TsworkerError('USAGE', 'say which locks to release', {
      hint: 'a lock, -class=X, or --all; tsworker locks shows them',
    });
  let released = 0;
  const found: Lock[] = [];
  for await (const lock of meant(call, session)) found.push(lock);
  const question = `release ${counted(found.length, 'lock')} of unique jobs in ${placeOf(session)}`;
  if (!flags['dry-run'] && found.length > 0 && !(await confirm(io, question, flags.yes))) {
    say(io, 'nothing was released');
    return EXIT.problem;
  }
  if (flags['dry-run']) released = found.length;
  else
    for (const some of slices(found, STEP))
      released += (await releaseLocks(session.connection, session.keys, some)).filter(Boolean).length;
  const missing = words.filter(
    (word) => !found.some((lock) => lock.key.startsWith(word) || hashOf(lock).startsWith(word)),
  );
  if (flags.json)
    printDocument(io, { released, dryRun: flags['dry-run'] === true, gone: found.length - released, missing });
  else {
    for (const word of missing) say(io, `there is no lock ${word}`);
    if (released < found.length)
      say(io, `${counted(found.length - released, 'lock')} released or taken by others meanwhile`);
    printLine(io, `${counted(released, 'lock')} ${flags['dry-run'] ? 'would be released' : 'released'}`);
  }
  return missing.length > 0 ? EXIT.problem : EXIT.fine;
}
