/** `tsworker schedule run`, `pause`, `resume` and `import`. */
import { writeFile } from 'node:fs/promises';
import { counted } from '../../../format.js';
import { enqueueRecurring, readRecurring } from '../../../inspect/schedules.js';
import { pauseSchedules, peekDynamic } from '../../../resque/schedules.js';
import { EXIT } from '../../command.js';
import { printLine, say } from '../../io.js';
import { printDocument } from '../../json.js';
import { placeOf, type Session } from '../../session.js';
import { type ScheduleCall, selected, unknownName } from './select.js';

export async function run(call: ScheduleCall, session: Session): Promise<number> {
  return await act(call, session, 'run', 'enqueued', async (names) => {
    const { connection, keys } = session;
    const { at, jobs } = await readRecurring(connection, keys);
    const entries = jobs.flatMap(({ entry }) => (names.includes(entry.name) ? entry : []));
    await enqueueRecurring(connection, keys, entries, at);
    return entries.map(({ name }) => name);
  });
}

export async function pause(call: ScheduleCall, session: Session): Promise<number> {
  return await act(call, session, 'pause', 'paused', (names) => change(session, names, true));
}

export async function resume(call: ScheduleCall, session: Session): Promise<number> {
  return await act(call, session, 'resume', 'resumed', (names) => change(session, names, false));
}

/** @returns the names whose state has changed */
async function change({ connection, keys }: Session, names: readonly string[], paused: boolean): Promise<string[]> {
  if (names.length === 0) return [];
  const changed = await pauseSchedules(connection, keys, names, paused);
  return names.filter((_, i) => changed[i]);
}

async function act(
  { io, flags, words, verb }: ScheduleCall,
  { connection, keys }: Session,
  what: string,
  became: string,
  doIt: (names: readonly string[]) => Promise<string[]>,
): Promise<number> {
  const { jobs } = await readRecurring(connection, keys);
  const { found, missing } = selected(words, flags.all, what, jobs);
  const names = found.map(({ entry }) => entry.name);
  const isDry = flags['dry-run'] === true;
  const done = isDry ? wouldChange(verb, found) : await doIt(names);
  if (flags.json) printDocument(io, { verb, done, dryRun: isDry, missing });
  else {
    for (const name of missing) unknownName(io, name, jobs);
    const text = `${counted(done.length, 'recurring job')} ${isDry ? `would be ${became}` : became}`;
    printLine(io, done.length === 0 || done.length > 5 ? text : `${text}: ${done.join(', ')}`);
  }
  return missing.length > 0 ? EXIT.problem : EXIT.fine;
}

function wouldChange(verb: string, found: ReturnType<typeof selected>['found']): string[] {
  const changes = verb === 'run' ? found : found.filter(({ paused }) => paused === (verb === 'resume'));
  return changes.map(({ entry }) => entry.name);
}

/** Ruby's dynamic entries as a schedule file of resque-scheduler. */
export async function importDynamic({ io, flags, words }: ScheduleCall, session: Session): Promise<number> {
  const { parse, stringify } = await import('yaml');
  const dynamic = [...(await peekDynamic(session.connection, session.keys))].sort(([a], [b]) => (a < b ? -1 : 1));
  const broken: string[] = [];
  const entries = dynamic.flatMap(([name, text]) => {
    const entry = readJson(text, parse);
    if (entry === undefined) broken.push(name);
    return entry === undefined ? [] : [[name, entry] as const];
  });
  for (const name of broken) say(io, `${name} is not a JSON object: left out`);
  const yaml = entries.length === 0 ? '' : stringify(Object.fromEntries(entries));
  const [file] = words;
  const written = file !== undefined && flags['dry-run'] !== true && entries.length > 0;
  if (written && !(await write(file, yaml))) {
    say(io, `the file ${file} exists: name another one, or move it away`);
    return EXIT.problem;
  }
  if (flags.json) printDocument(io, { entries: entries.map(([name]) => name), leftOut: broken, written });
  else if (entries.length === 0) printLine(io, `no entries of Ruby programs in ${placeOf(session)}`);
  else if (written) printLine(io, `${counted(entries.length, 'entry', 'entries')} written to ${file}`);
  else io.out(yaml);
  return broken.length > 0 ? EXIT.problem : EXIT.fine;
}

/** JSON is valid YAML, and the YAML parser keeps large integers. */
function readJson(text: string, parse: typeof import('yaml').parse): object | undefined {
  try {
    JSON.parse(text);
    const value: unknown = parse(text, { intAsBigInt: true });
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** @returns false if the file exists */
async function write(file: string, text: string): Promise<boolean> {
  try {
    await writeFile(file, text, { flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}
