/** `tsworker web`: the dashboard as a process of its own, and the lines of its users file. */
import { addressOf } from '../../../config/address.js';
import { loadSettings, readFileFor } from '../../../config/load.js';
import { maskUri } from '../../../config/uri.js';
import { readWebSettings } from '../../../config/web.js';
import { type Call, EXIT } from '../../command.js';
import { interruptible } from '../../interrupt.js';
import { say } from '../../io.js';
import type { WebFlags } from './definition.js';

export async function web(call: Call<WebFlags>): Promise<number> {
  if (call.verb === 'serve') return await serve(call);
  const { token, user } = await import('./credentials.js');
  return await (call.verb === 'user' ? user(call) : token(call));
}

async function serve({ sources, flags, io }: Call<WebFlags>): Promise<number> {
  const file =
    sources.file === undefined
      ? await readFileFor(sources.flags, sources.env, sources.cwd)
      : (sources.file ?? undefined);
  const { settings, warnings } = await loadSettings({ ...sources, file: file ?? null, queuesRequired: false });
  for (const warning of warnings) say(io, `warning: ${warning}`);
  const given = readWebSettings(flags, sources.env, sources.cwd, file);
  // An invalid address is an error at once; an unavailable Redis is not, since it may become available.
  addressOf(settings.uri);
  const { createLog } = await import('../../../log/pino.js');
  const log = createLog(settings);
  const { serveDashboard } = await import('../../../dashboard/server.js');
  const server = await serveDashboard({ settings, web: given }, log);
  log.info(
    { url: server.url, redis: maskUri(settings.uri), namespace: settings.namespace },
    `dashboard: ${server.url}`,
  );
  await interruptible(async (over) => {
    if (!over.aborted) await new Promise((resolve) => over.addEventListener('abort', resolve, { once: true }));
  });
  await server.close();
  return EXIT.fine;
}
