/** `tsworker status` for people: a few lines of figures, then the lists that are not empty. Pure. */
import type { Overview } from '../../../inspect/overview.js';
import type { Io } from '../../io.js';
import { type FiguresView, figures } from './figures.js';
import { LISTS } from './lists.js';

export interface StatusView extends FiguresView {
  /** Maximum number of rows: of all lists, or of each in the order of {@link LISTS}. */
  readonly show: number | readonly number[];
  /** See ListView. */
  readonly sort?: number;
}

export function statusText(overview: Overview, view: StatusView, io: Io): string {
  const { show, ...rest } = view;
  const mostOf = (i: number) => (typeof show === 'number' ? show : show[i]);
  const lists = LISTS.map(({ text }, i) => text(overview, { ...rest, most: mostOf(i) }, io));
  const room = io.terminal ? io.columns : undefined;
  return [figures(overview, view, io, room), ...lists.filter((list) => list !== '')].join('\n');
}
