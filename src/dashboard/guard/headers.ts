/** The headers of every response: nothing but our own files runs, nobody frames us, nothing is kept. Pure. */

const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "require-trusted-types-for 'script'",
  'trusted-types tsworker',
] as const;

/** @param frameAncestors who may show it in a frame: CSP sources; none: nobody */
export function securityHeaders(frameAncestors: readonly string[]): Readonly<Record<string, string>> {
  const ancestors = frameAncestors.length === 0 ? "'none'" : frameAncestors.join(' ');
  return {
    'content-security-policy': [...POLICY, `frame-ancestors ${ancestors}`].join('; '),
    ...(frameAncestors.length === 0 ? { 'x-frame-options': 'DENY' } : {}),
    'x-content-type-options': 'nosniff',
    // Not no-referrer: with that a browser sends `Origin: null` with our own forms.
    'referrer-policy': 'same-origin',
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'permissions-policy': 'camera=(), geolocation=(), microphone=()',
    'x-robots-tag': 'noindex, nofollow',
  };
}

export const NOT_KEPT = 'no-store';
/** For files whose name changes with their content. */
export const KEPT = 'public, max-age=31536000, immutable';
