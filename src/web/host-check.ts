/**
 * Protects against DNS rebinding: a web page in a browser on this machine may point its own host name to the loopback
 * address and read what is served there. So a server on a loopback address answers only requests whose Host header is a
 * name of the loopback. Pure.
 */

/** @param host the address that the server listens on */
export function isLoopback(host: string): boolean {
  return /^(localhost|127(\.\d{1,3}){3}|::1)$/i.test(host);
}

/** @param header the Host header; undefined: the client is not a browser */
export function isLoopbackName(header: string | undefined): boolean {
  if (header === undefined) return true;
  const [, name] = /^(\[[^\]]*\]|[^:]*)(?::\d*)?$/.exec(header.trim()) ?? [];
  return name !== undefined && (isLoopback(name.replace(/^\[|\]$/g, '')) || /\.localhost\.?$/i.test(name));
}
