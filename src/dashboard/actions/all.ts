/** The one table of actions: what is not here cannot be done, and what has no row in guard/roles.ts cannot be here. */
import { isAction } from '../guard/roles.js';
import type { Action } from './action.js';
import { removeAllAction, retryAllAction } from './failed/all-matching.js';
import { removeAction } from './failed/remove.js';
import { retryAction } from './failed/retry.js';
import { retryNewestAction } from './failed/retry-newest.js';
import { revealAction } from './failed/reveal.js';
import { cancelAction, undoAction } from './operations.js';
import * as queues from './queue-actions.js';
import * as schedules from './schedule-actions.js';
import { themeAction } from './theme.js';
import * as waiting from './waiting-actions.js';
import * as workers from './worker-actions.js';

const ALL: readonly Action[] = [
  themeAction,
  ...[queues.pauseAll, queues.resumeAll, queues.pauseOne, queues.resumeOne],
  ...[queues.moveAll, queues.moveJobs, queues.purge, queues.removeJobs, queues.removeAll, queues.release],
  ...[waiting.runDelayed, waiting.removeDelayed, waiting.runRetries, waiting.removeRetries],
  ...[schedules.runSchedule, schedules.pauseSchedule, schedules.resumeSchedule],
  ...[workers.cancelJob, workers.quietWorker, workers.resumeWorker, workers.stopWorker, workers.prune],
  ...[retryAction, retryNewestAction, retryAllAction, removeAction, removeAllAction, revealAction],
  ...[cancelAction, undoAction],
];

export const ACTION_TABLE: ReadonlyMap<string, Action> = tableOf(ALL);

export function tableOf(actions: readonly Action[]): ReadonlyMap<string, Action> {
  for (const { name } of actions)
    if (!isAction(name)) throw new Error(`the action ${name} has no row in guard/roles.ts`);
  return new Map(actions.map((action) => [action.name, action]));
}
