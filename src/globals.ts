/**
 * The globals that the loop, its store and the end of a worker need, taken when this file is loaded: a job may replace them
 * (a fake clock that was never put back, a polyfill), and must not stop those who run it. Timers come from node:timers.
 */
// biome-ignore lint/suspicious/noShadowRestrictedNames: that is what it is for
export const { Promise, Map, Set, JSON, Date, AbortController } = globalThis;
export const now: () => number = performance.now.bind(performance);
