/** `tsworker status`: once, or repeatedly. The data comes from inspect/overview.ts, its format from status/text.ts. */
import { TsworkerError } from '../../../errors.js';
import { type Overview, readOverview } from '../../../inspect/overview.js';
import { type Call, EXIT } from '../../command.js';
import { printDocument, printLines } from '../../json.js';
import { type Session, withRedis } from '../../session.js';
import type { StatusFlags } from './definition.js';
import { statusDocument } from './document.js';
import { live } from './live.js';
import { type Rates, ratesBetween } from './rates.js';
import { statusText } from './text.js';
import { watch } from './watch.js';

type StatusCall = Call<StatusFlags>;

export async function status(call: StatusCall): Promise<number> {
  const { io, flags } = call;
  if (flags.watch && !flags.json && !io.terminal)
    throw new TsworkerError('USAGE', '-watch needs a terminal', {
      hint: 'with -json it prints a line each time',
    });
  return await withRedis(call, (session) => (flags.watch ? again(call, session) : once(call, session)));
}

async function once({ io, flags }: StatusCall, session: Session): Promise<number> {
  const overview = await read(session, flags, flags.show ?? 20);
  if (flags.json) printDocument(io, statusDocument(overview, session));
  else await io.print(statusText(overview, { ...session, show: flags.show ?? 20 }, io));
  return EXIT.fine;
}

async function again({ io, flags }: StatusCall, session: Session): Promise<number> {
  const everyMs = (flags.every ?? 2) * 1000;
  let before: Overview | undefined;
  const look = async (show: number): Promise<readonly [Overview, Rates | undefined]> => {
    const overview = await read(session, flags, show);
    const rates = before && ratesBetween(before, overview);
    before = overview;
    return [overview, rates];
  };
  if (flags.json) {
    const show = async () => {
      const [overview, rates] = await look(flags.show ?? 20);
      return await printLines(io, [statusDocument(overview, session, rates)]);
    };
    await watch({ everyMs, over: new AbortController().signal, show });
  } else await live(io, { everyMs, show: flags.show, look }, session);
  return EXIT.fine;
}

function read({ connection, keys, settings }: Session, flags: StatusCall['flags'], running: number) {
  const failures = flags.failures ?? 1000;
  return readOverview(connection, keys, { pruneAfterMs: settings.pruneAfter * 1000, failures, running });
}
