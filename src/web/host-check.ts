/**
 * Against DNS rebinding: a page of a stranger's, in a browser on this machine, may make its own name lead to the loopback and
 * read what is served there. A server that listens on the loopback answers only who calls it by a name of the loopback. Pure.
 */

/** @param host of the address where it listens */
export function isLoopback(host: string): boolean {
  return /^(localhost|127(\.\d{1,3}){3}|::1)$/i.test(host);
}

/** @param header Host, as it was sent; none: no browser asks */
export function isLoopbackName(header: string | undefined): boolean {
  if (header === undefined) return true;
  const [, name] = /^(\[[^\]]*\]|[^:]*)(?::\d*)?$/.exec(header.trim()) ?? [];
  return name !== undefined && (isLoopback(name.replace(/^\[|\]$/g, '')) || /\.localhost\.?$/i.test(name));
}
