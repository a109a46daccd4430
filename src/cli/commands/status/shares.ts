/** How many lines each of several lists gets where all of them together must fit a screen. Pure. */

/** For a list: its heading and the empty line before it. */
const OVERHEAD = 2;

/**
 * Every list whole where there is room; else the longest are cut first, with one line more that says so. None below one.
 * @param sizes rows that each list has
 * @param room lines for all of them
 */
export function sharesOf(sizes: readonly number[], room: number): number[] {
  const shares = [...sizes];
  const height = () =>
    shares.reduce((sum, share, i) => sum + (share === 0 ? 0 : OVERHEAD + share + (share < sizes[i] ? 1 : 0)), 0);
  while (height() > room) {
    const longest = shares.indexOf(Math.max(...shares));
    if (shares[longest] <= 1) break;
    // Cutting off one line would only put another in its place.
    shares[longest] -= shares[longest] === sizes[longest] && shares[longest] > 2 ? 2 : 1;
  }
  return shares;
}
