/** What init does to one file, as data: worked out before anything is written. Pure. */

/** There is no `overwrite`. */
export type Step =
  | { readonly kind: 'create'; readonly file: string; readonly text: string; readonly about: string }
  /** An existing file gets something more; everything that was in it stays. */
  | { readonly kind: 'change'; readonly file: string; readonly text: string; readonly about: string }
  | { readonly kind: 'keep'; readonly file: string; readonly about: string };
