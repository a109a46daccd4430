/**
 * Against DNS rebinding: a page of a stranger's may make its own name lead to this server. Only the names by which this
 * server is meant to be called are answered. Pure.
 */

export interface Names {
  /** Where it listens. */
  readonly host: string;
  readonly baseUrl: URL | undefined;
  /** With or without a port. */
  readonly hosts: readonly string[];
}

const LOOPBACK = new Set(['localhost', '127.0.0.1', '::1']);

/** @param header Host, as it was sent */
export function isKnownHost(header: string | undefined, { host, baseUrl, hosts }: Names): boolean {
  const called = nameOf(header);
  if (called === undefined) return false;
  // Any port: ssh -L forwards another one.
  if (LOOPBACK.has(called.name) || called.name === host.toLowerCase()) return true;
  if (baseUrl !== undefined && called.whole === baseUrl.host.toLowerCase()) return true;
  return hosts.some((one) => one.toLowerCase() === called.whole || one.toLowerCase() === called.name);
}

/** Also the whole of 127/8 and *.localhost, which never leave the machine. */
export function isLoopbackName(name: string): boolean {
  return LOOPBACK.has(name) || /^127(\.\d{1,3}){3}$/.test(name) || /\.localhost$/.test(name);
}

/** Of `Name:80` and `[::1]:80`: in lower case, the name without brackets and port; undefined where it is neither. */
export function nameOf(header: string | undefined): { readonly whole: string; readonly name: string } | undefined {
  const [, name] = /^(\[[\da-f:.]+\]|[^\s:[\]/@?#\\]+)(?::\d+)?$/i.exec(header?.trim() ?? '') ?? [];
  if (header === undefined || name === undefined) return undefined;
  return { whole: header.trim().toLowerCase(), name: name.replace(/^\[|\]$/g, '').toLowerCase() };
}
