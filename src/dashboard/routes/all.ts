/** The one table of pages, in the order of the navigation. */
import { busyPage } from './busy.js';
import { delayedPage } from './delayed.js';
import { failedPage } from './failed.js';
import { failurePage } from './failure.js';
import { operationPage, operationsPage } from './operations.js';
import { overviewPage } from './overview.js';
import type { Page } from './page.js';
import { queuePage } from './queue.js';
import { queuesPage } from './queues.js';
import { retriesPage } from './retries.js';
import { schedulesPage } from './schedules.js';
import { workerPage } from './worker.js';
import { workersPage } from './workers.js';

export const PAGES: readonly Page[] = [
  ...[overviewPage, queuesPage, queuePage, busyPage, workersPage, workerPage],
  ...[failedPage, failurePage, operationsPage, operationPage],
  ...[retriesPage, delayedPage, schedulesPage],
];

const BY_PATH = new Map(PAGES.map((page) => [page.path, page]));

export function findPage(path: string): Page | undefined {
  return BY_PATH.get(path);
}
