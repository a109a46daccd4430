/** `tsworker pause` and `tsworker resume`: set Resque's switch for all workers, and report the resulting state. */
import { findUnpausable, setPause } from '../../../inspect/pause.js';
import { type Call, EXIT } from '../../command.js';
import { printLine, say } from '../../io.js';

import { printDocument } from '../../json.js';
import { placeOf, withRedis } from '../../session.js';
import type { PauseFlags } from './definition.js';
import { PAUSED, unpausableText } from './format.js';

export function pause(call: Call<PauseFlags>): Promise<number> {
  return set(call, true);
}

export function resume(call: Call<PauseFlags>): Promise<number> {
  return set(call, false);
}

async function set(call: Call<PauseFlags>, paused: boolean): Promise<number> {
  const { io, flags } = call;
  return await withRedis(call, async (session) => {
    const { connection, keys } = session;
    const before = await setPause(connection, keys, paused);
    const unpausable = paused ? await findUnpausable(connection, keys) : [];
    if (flags.json) printDocument(io, { paused, before: before.paused, ...(paused ? { ignoredBy: unpausable } : {}) });
    else printLine(io, sentence(paused, before.paused, placeOf(session)));
    if (unpausable.length > 0) say(io, `warning: ${unpausableText(unpausable)}`);
    return EXIT.fine;
  });
}

function sentence(paused: boolean, before: boolean, where: string): string {
  if (paused)
    return `${where} ${before ? 'was paused already' : 'is paused now'}: ${PAUSED}; running jobs continue; tsworker resume ends it`;
  return `${where} ${before ? 'is no longer paused' : 'was not paused'}: the workers take jobs`;
}
