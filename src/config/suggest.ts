/** Finds the known word that is nearest to a mistyped one. Pure. */
import { distance } from 'fastest-levenshtein';

/** The known word that was probably meant; undefined if none is near. */
export function nearest(word: string, known: Iterable<string>): string | undefined {
  // Two, since swapped letters count as two; fewer in short words, where every word would be near.
  const limit = Math.max(word.length > 3 ? 2 : 1, Math.floor(word.length / 3));
  let best: { readonly word: string; readonly far: number } | undefined;
  for (const candidate of known) {
    const far = distance(plain(word), plain(candidate));
    if (far <= limit && far < (best?.far ?? Number.POSITIVE_INFINITY)) best = { word: candidate, far };
  }
  return best?.word;
}

/** `; did you mean <word>?`, or nothing. */
export function didYouMean(word: string, known: Iterable<string>): string {
  const found = nearest(word, known);
  return found === undefined ? '' : `; did you mean ${found}?`;
}

/** Differences in case, dashes and underscores do not count. */
function plain(word: string): string {
  return word.toLowerCase().replaceAll(/[-_]/g, '');
}
