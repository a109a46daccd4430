/** Numbers, durations and times formatted for people, the same way everywhere. Pure; imports nothing. */

const UNITS = [
  { letter: 'd', seconds: 86_400 },
  { letter: 'h', seconds: 3600 },
  { letter: 'm', seconds: 60 },
  { letter: 's', seconds: 1 },
] as const;

/** `12,345`. */
export function count(number: number): string {
  // Intl would do it as well, and costs 15 ms when it is first used.
  return String(Math.round(number)).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** `1 job`, `12,345 jobs`. */
export function counted(number: number, one: string, many = `${one}s`): string {
  return `${count(number)} ${number === 1 ? one : many}`;
}

/** The two largest units: `0s`, `42s`, `3m 12s`, `5h 0m`, `12d 7h`. A negative duration (clocks differ) is `0s`. */
export function duration(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const first = UNITS.findIndex((unit) => seconds >= unit.seconds);
  if (first === -1) return '0s';
  const [unit, next] = UNITS.slice(first);
  const head = `${Math.floor(seconds / unit.seconds)}${unit.letter}`;
  return next === undefined ? head : `${head} ${Math.floor((seconds % unit.seconds) / next.seconds)}${next.letter}`;
}

/** `2026-11-24 02:58:25 UTC`. */
export function time(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

/** A rate per second with about three digits: `0`, `0.25`, `3.1`, `1,234`. */
export function rate(perSecond: number): string {
  const size = Math.abs(perSecond);
  if (size === 0 || size >= 100) return count(perSecond);
  return String(Number(perSecond.toFixed(size >= 10 ? 1 : 2)));
}
