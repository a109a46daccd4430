/** Divides the lines of a screen among several lists. Pure. */

/** Lines of a list besides its rows: the heading and the empty line before it. */
const OVERHEAD = 2;

/**
 * Shows every list completely if they fit; else the longest are cut first, with an additional line that says so. At
 * least one row for each.
 * @param sizes number of rows of each list
 * @param room lines for all of them
 */
export function sharesOf(sizes: readonly number[], room: number): number[] {
  const shares = [...sizes];
  const height = () =>
    shares.reduce((sum, share, i) => sum + (share === 0 ? 0 : OVERHEAD + share + (share < sizes[i] ? 1 : 0)), 0);
  while (height() > room) {
    const longest = shares.indexOf(Math.max(...shares));
    if (shares[longest] <= 1) break;
    // Cutting off one line would only replace it with the line that says so.
    shares[longest] -= shares[longest] === sizes[longest] && shares[longest] > 2 ? 2 : 1;
  }
  return shares;
}
