/** One frame of `tsworker status -watch`: the lists, the rows of each, and the keys that change them. Pure. */
import type { Overview } from '../../../inspect/overview.js';
import { harmless } from '../../../terminal-text.js';
import { truncated } from '../../columns.js';
import type { Io } from '../../io.js';
import { styleOf } from '../../style.js';
import { type FiguresView, pauseText } from './figures.js';
import { FAILURE_ORDERS, LISTS, QUEUE_ORDERS, type StatusList } from './lists.js';
import { sharesOf } from './shares.js';
import { statusText } from './text.js';

/** The current view: everything, one list, or the state of the pause. */
export interface View {
  readonly show: 'all' | StatusList['name'] | 'pause';
  /** Index of the sort order. */
  readonly sort: number;
}

export const START: View = { show: 'all', sort: 0 };

const KEYS: Readonly<Record<string, View['show']>> = {
  u: 'queues',
  h: 'hosts',
  w: 'processes',
  r: 'running',
  f: 'failures',
  p: 'pause',
  a: 'all',
};

/** The view after a key; unchanged for an unknown key. The same key again returns to the previous view. */
export function pressed(view: View, key: string): View {
  if (key === 's') return { ...view, sort: view.sort + 1 };
  const show = key === '\u001b' ? 'all' : KEYS[key];
  if (show === undefined) return view;
  return { ...view, show: view.show === show ? 'all' : show };
}

export interface Frame extends FiguresView {
  readonly everyMs: number;
  /** Rows of each list; undefined: as many as fit. */
  readonly most: number | undefined;
  /** undefined: Redis has not answered yet. */
  readonly overview: Overview | undefined;
  /** The reason why the content is outdated. */
  readonly problem: string | undefined;
}

export function frame(view: View, given: Frame, io: Io): string {
  const { problem, overview } = given;
  const { dim, red } = styleOf(io);
  const top =
    problem === undefined
      ? dim(truncated(keysText(view, given.everyMs), io.columns))
      : red(truncated(harmless(`Redis is away (${problem}), trying again`), io.columns));
  return `${top}\n\n${overview === undefined ? '' : body(view, overview, given, io)}`;
}

function keysText({ show, sort }: View, everyMs: number): string {
  const back = show === 'all' ? '' : 'a all  ';
  const order = `${QUEUE_ORDERS[sort % QUEUE_ORDERS.length]}, ${FAILURE_ORDERS[sort % FAILURE_ORDERS.length]}`;
  return `q quit  ${back}f failures  p pause  s sort (${order})  r running  u queues  h hosts  w processes  every ${everyMs / 1000} s`;
}

/** Lines beside the lists: the top line, the figures, a remark below the failures, and an empty last line. */
const OTHER_LINES = 9;
/** The same for a single list: with its heading, and a remark below it. */
const LINES_ALONE = 6;

function body({ show, sort }: View, overview: Overview, given: Frame, io: Io): string {
  const most = given.most ?? Math.max(1, io.rows - LINES_ALONE);
  if (show === 'all') {
    const rows = LISTS.map((list) => list.rows(overview));
    return statusText(overview, { ...given, sort, show: given.most ?? sharesOf(rows, io.rows - OTHER_LINES) }, io);
  }
  const name = show === 'pause' ? 'processes' : show;
  const list = LISTS.find((one) => one.name === name)?.text(overview, { ...given, sort, most }, io);
  const text = list || `${EMPTY[name]}\n`;
  return show === 'pause' ? `${truncated(harmless(`paused: ${pauseText(overview)}`), io.columns)}\n\n${text}` : text;
}

const EMPTY: Readonly<Record<StatusList['name'], string>> = {
  queues: 'no queue was ever used',
  hosts: 'no worker is registered',
  processes: 'no process is paused, blocked, draining or gone',
  running: 'no job runs',
  failures: 'no failed jobs',
};
