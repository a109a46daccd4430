/** `tsworker config`: the settings in force and their sources. Needs neither queues nor Redis; shows no secrets. */
import { loadSettings, type Resolved } from '../../../config/load.js';
import type { SettingKey } from '../../../config/setting-definition.js';
import type { QueuePlan, Settings } from '../../../config/settings.js';
import { SCHEMA, SETTING_KEYS } from '../../../config/settings-table.js';
import { maskUri } from '../../../config/uri.js';
import type { Call } from '../../command.js';
import { type Io, say } from '../../io.js';
import { listed } from '../../table.js';
import type { ConfigFlags } from './definition.js';

type Values = Readonly<Record<string, unknown>>;

/** Prints a table, or JSON with `-json`. Resolves to the exit code. */
export async function config({ sources, modules, flags, io }: Call<ConfigFlags>): Promise<number> {
  const resolved = await loadSettings({ ...sources, queuesRequired: false });
  io.out(flags.json ? asJson(resolved, modules) : asTable(resolved, modules, io));
  for (const warning of resolved.warnings) say(io, `warning: ${warning}`);
  return 0;
}

function asJson({ settings, origins, warnings }: Resolved, flags: Values): string {
  const shown = {
    ...settings,
    uri: maskUri(settings.uri),
    queues: origins.queues === 'not set' ? null : settings.queues,
  };
  const masked = Object.fromEntries(Object.entries(flags).map(([name, value]) => [name, mask(name, value)]));
  return `${JSON.stringify({ settings: shown, origins, flags: masked, warnings }, null, 2)}\n`;
}

/** Values are not cut but wrapped by the terminal, so the column of values is the last. */
const COLUMNS = [{ head: 'FLAG' }, { head: 'FROM' }, { head: 'VALUE' }] as const;

function asTable({ settings, origins }: Resolved, flags: Values, io: Io): string {
  const rows = SETTING_KEYS.map((key) => [`-${SCHEMA[key].flag}`, origins[key], valueText(key, settings)]);
  for (const [name, value] of Object.entries(flags)) {
    rows.push([`-${name}`, 'job modules', plainText(mask(name, value))]);
  }
  return listed(COLUMNS, rows, io);
}

function valueText(key: SettingKey, settings: Settings): string {
  if (key === 'queues') return queuesText(settings.queues);
  if (key === 'uri') return maskUri(settings.uri);
  return plainText(settings[key]);
}

function queuesText({ queues, weighted }: QueuePlan): string {
  if (queues.length === 0) return 'not set';
  if (weighted) return queues.map(({ name, weight }) => `${name}=${weight}`).join(', ');
  return `${queues.map(({ name }) => name).join(', ')} (strict order)`;
}

function plainText(value: unknown): string {
  if (value === undefined || value === '') return value === '' ? '""' : 'not set';
  if (Array.isArray(value)) return value.join(', ');
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

/** A job module's flag may be a secret or contain one in an address. */
function mask(name: string, value: unknown): unknown {
  if (value !== undefined && /pass|secret|token|key|credential/i.test(name)) return '***';
  return typeof value === 'string' && value.includes('://') ? maskUri(value) : value;
}
