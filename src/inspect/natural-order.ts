/** Sorts names as people count: `web-2` before `web-10`. Pure. */

export function sortedByName<T>(items: Iterable<T>, nameOf: (item: T) => string): T[] {
  const all = [...items];
  // One host or process is the usual case, and the data that a collator needs take 10 ms to load.
  if (all.length < 2) return all;
  const { compare } = new Intl.Collator('en', { numeric: true });
  return all.sort((a, b) => compare(nameOf(a), nameOf(b)));
}
