/**
 * Against requests that another site makes in the name of a browser that is logged in here: for every method but GET and
 * HEAD, whatever the content type, the request must come from our own pages. Pure.
 *
 * As Go's CrossOriginProtection: Sec-Fetch-Site decides where the browser sends it, which over plain http it does on the
 * loopback only; elsewhere Origin must be the host that was called.
 */

export interface Asked {
  readonly method: string;
  readonly header: (name: string) => string | undefined;
  readonly baseUrl: URL | undefined;
}

/** @returns why the request is refused, and what to set where a proxy is the reason; undefined: it may go on */
export function crossSiteProblem({ method, header, baseUrl }: Asked): string | undefined {
  if (method === 'GET' || method === 'HEAD') return undefined;
  const site = header('sec-fetch-site');
  // `none` would be typed into the address bar: nobody types a POST.
  if (site !== undefined) return site === 'same-origin' ? undefined : `Sec-Fetch-Site is ${JSON.stringify(site)}`;
  const origin = header('origin');
  if (origin !== undefined) return originProblem(origin, header('host'), baseUrl);
  const isScript = /^Bearer /i.test(header('authorization') ?? '') && header('cookie') === undefined;
  return isScript ? undefined : 'there is neither Sec-Fetch-Site nor Origin, and no token';
}

/**
 * Whether a page of another site loads this as a part of it: it could not read the response, but measure how long a search
 * takes, or hold the streams. A link from there is fine. Where the browser sends no such header, nothing is known.
 */
export function isPartOfOtherSite(header: Asked['header']): boolean {
  const site = header('sec-fetch-site');
  return (site === 'cross-site' || site === 'same-site') && (header('sec-fetch-mode') ?? 'navigate') !== 'navigate';
}

function originProblem(origin: string, host: string | undefined, baseUrl: URL | undefined): string | undefined {
  const from = hostOf(origin);
  if (from !== undefined && (from === host?.toLowerCase() || from === baseUrl?.host)) return undefined;
  const hint = 'a proxy that changes Host needs -base-url with the address that the browser shows';
  return `Origin is ${JSON.stringify(origin)}, Host is ${JSON.stringify(host ?? '')}: ${hint}`;
}

/** Of an Origin; its port is part of it. `null`, which a sandboxed page sends, has none. */
function hostOf(origin: string): string | undefined {
  return /^https?:\/\/([^/?#@\\\s]+)$/i.exec(origin)?.[1].toLowerCase();
}
