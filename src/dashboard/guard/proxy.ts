/**
 * A dashboard without credentials is for this machine alone. A proxy on the same machine would make it public, and would
 * look like the loopback: so whatever shows that a request came from further away is refused. Pure.
 */
import { isLoopbackName, nameOf } from './host.js';

const FORWARDING = [
  'forwarded',
  'via',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-proto',
  'x-forwarded-port',
  'x-forwarded-server',
  'x-real-ip',
  'x-client-ip',
  'cf-connecting-ip',
  'true-client-ip',
] as const;

/** @returns what shows that it does not come from this machine's user; undefined: nothing */
export function proxySign(
  header: (name: string) => string | undefined,
  httpVersion: string | undefined,
): string | undefined {
  const forwarding = FORWARDING.find((name) => header(name) !== undefined);
  if (forwarding !== undefined) return `the header ${forwarding}`;
  // nginx speaks 1.0 to what is behind it unless told otherwise.
  if (httpVersion === '1.0') return 'HTTP/1.0';
  return (['origin', 'referer'] as const).find((name) => !isLocal(header(name)));
}

function isLocal(address: string | undefined): boolean {
  // A sandboxed page has the origin `null`: guard/origin.ts judges it.
  if (address === undefined || address === 'null') return true;
  const [, host] = /^https?:\/\/([^/?#]+)/i.exec(address) ?? [];
  const name = nameOf(host)?.name;
  return name !== undefined && isLoopbackName(name);
}
