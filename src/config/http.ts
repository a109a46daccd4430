/**
 * The address of `-http`: text or number → host and port, and back. Pure. Without a host it is the loopback address,
 * since the pages have no authentication.
 */
import { TsworkerError } from '../errors.js';

export interface HttpAddress {
  readonly host: string;
  /** 0: a free one. */
  readonly port: number;
}

const LOOPBACK = '127.0.0.1';
const MOST = 65_535;

/** @throws TsworkerError USAGE */
export function readHttp(value: unknown): HttpAddress {
  const text = typeof value === 'number' ? String(value) : value;
  if (typeof text !== 'string') throw refusal(typeof value);
  const shape = /^(?:(\[[^\]]*\]|[^:[\]\s/]*):)?(\d+)$/.exec(text.trim());
  if (shape === null) throw refusal(JSON.stringify(text));
  const [, host, digits] = shape;
  const port = Number(digits);
  if (port > MOST) throw new TsworkerError('USAGE', `must have a port from 0 to ${MOST}, not ${digits}`);
  if (host === undefined) return { host: LOOPBACK, port };
  // In Go this means every interface. A port must not be open to the network because something was left out.
  if (host === '' || host === '[]')
    throw new TsworkerError('USAGE', `must have a host before the colon, not ${JSON.stringify(text)}`, {
      hint: `${digits} listens on this machine only, 0.0.0.0:${digits} on every interface`,
    });
  return { host: host.replace(/^\[|\]$/g, ''), port };
}

/** `127.0.0.1:9090`, `[::1]:9090`. */
export function showHttp({ host, port }: HttpAddress): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

function refusal(given: string): TsworkerError {
  return new TsworkerError(
    'USAGE',
    `must be a port such as 9090, or host:port such as 0.0.0.0:9090 or [::1]:9090, not ${given}`,
  );
}
