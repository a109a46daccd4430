/**
 * The dashboard in a real browser: every page and theme, live changes, keys, and without scripts. One browser for all
 * tests.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { PAGES } from '../../../src/dashboard/routes/all.js';
import { hasBrowser, type Served, serve, startBrowser, watchPage } from '../../support/browser.js';
import { fill, MARKUP } from '../../support/dashboard-data.js';
import { startRedis, type TestRedis } from '../../support/redis.js';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
/** Every page that shows what `fill` has put there; an operation is first begun. */
async function addresses(page: Page, url: string, hostile = ''): Promise<string[]> {
  // What it knows of the list may be of the test before: then it says so, and there is no operation.
  await page.request.post(`${url}retry-newest`, { headers: { origin: url.replace(/\/$/, '') }, form: {} });
  await page.goto(`${url}operations`);
  const links = await page.locator('main a[href^="operation?"]').all();
  const operation = (await links.at(0)?.getAttribute('href')) ?? 'operations';
  await page.goto(`${url}failed?view=list`);
  const failure = await page.locator('main a[href^="failure?"]').first().getAttribute('href');
  const queries: Readonly<Record<string, string>> = {
    queue: `queue?name=${encodeURIComponent(hostile === '' ? 'mail' : `archive${hostile}`)}`,
    worker: `worker?id=${encodeURIComponent(hostile === '' ? 'web1:22393:mail' : `go1:99-1:low${hostile}`)}`,
    failure: failure ?? '',
    operation,
  };
  return [...PAGES.map(({ path }) => queries[path] ?? path), 'failed?view=list'];
}

describe.skipIf(!hasBrowser)('in a browser', () => {
  let redis: TestRedis;
  let served: Served;
  let browser: Browser;
  beforeAll(async () => {
    [redis, browser] = await Promise.all([startRedis(), startBrowser()]);
    served = await serve(redis.uri, { TITLE: 'staging', COLOR: 'orange' });
  });
  beforeEach(async () => {
    await redis.client.flushAll();
    await fill(redis.client);
  });
  afterAll(async () => {
    await browser?.close();
    await served?.close();
    await redis?.stop();
  });

  /** What the browser complains of fails the test. */
  async function visit(use: (page: Page) => Promise<void>, options: BrowserContextOptions = {}): Promise<void> {
    const context = await browser.newContext(options);
    const page = await context.newPage();
    const problems = watchPage(page, served.url);
    try {
      await use(page);
      expect(problems).toEqual([]);
    } finally {
      await context.close();
    }
  }

  test.each(['light', 'dark'] as const)(
    '%s: no page has a fault that axe finds, nor is wider than a phone',
    async (colorScheme) => {
      await visit(
        async (page) => {
          for (const path of await addresses(page, served.url)) {
            await page.goto(served.url + path);
            // The policy of the page lets no script in but its own: what the driver evaluates is not the page's.
            const faults =
              await page.evaluate(`${AXE}; axe.run(document, { resultTypes: ['violations'] }).then((found) =>
            found.violations.map(({ id, nodes }) => id + ': ' + nodes.map((node) => node.html.slice(0, 200)).join(' | ')))`);
            expect(faults, path).toEqual([]);
            const width = await page.evaluate('document.documentElement.scrollWidth');
            expect(width, `the width of ${path}`).toBeLessThanOrEqual(360);
          }
        },
        { colorScheme, viewport: { width: 360, height: 740 } },
      );
    },
  );

  test('what is planted in any field is text, on every page', async () => {
    await redis.client.flushAll();
    await fill(redis.client, { hostile: MARKUP });
    await visit(async (page) => {
      const search = `text=${encodeURIComponent(MARKUP)}&note=${encodeURIComponent(MARKUP)}`;
      for (const path of await addresses(page, served.url, MARKUP))
        for (const address of [path, `${path}${path.includes('?') ? '&' : '?'}${search}`]) {
          await page.goto(served.url + address);
          await page.waitForSelector('#pause');
          expect(await page.evaluate('window.pwned'), address).toBeUndefined();
          expect(await page.locator('main img, main script, main b:has(b)').count(), address).toBe(0);
        }
    });
  });

  test('a page follows what happens, and stays as it is while somebody types', async () => {
    await visit(async (page) => {
      await page.goto(`${served.url}queues`);
      await redis.client.sAdd('resque:queues', 'fresh');
      await page.getByRole('link', { name: 'fresh' }).waitFor();
      await page.getByLabel('Name').fill('ma');
      await redis.client.sAdd('resque:queues', 'fresher');
      await page.getByRole('button', { name: 'Show what is new' }).waitFor();
      expect(await page.getByLabel('Name').inputValue()).toBe('ma');
      expect(await page.getByRole('link', { name: 'fresher' }).count()).toBe(0);
      await page.getByRole('button', { name: 'Show what is new' }).click();
      await page.getByRole('link', { name: 'fresher' }).waitFor();
      await page.getByRole('button', { name: 'Live', exact: true }).click();
      await page.reload();
      await page.getByRole('button', { name: 'Paused' }).waitFor();
    });
  });

  test('by keys alone: to a page, to a row, into it, and which keys there are', async () => {
    await visit(async (page) => {
      await page.goto(served.url);
      await page.waitForSelector('#keys');
      await page.keyboard.press('g');
      await page.keyboard.press('q');
      await page.waitForURL('**/queues');
      await page.waitForSelector('#keys');
      await page.keyboard.press('/');
      await page.keyboard.type('mail');
      await page.keyboard.press('Enter');
      await page.waitForURL('**/queues?text=mail');
      await page.waitForSelector('#keys');
      await page.keyboard.press('j');
      await page.keyboard.press('Enter');
      await page.waitForURL('**/queue?name=mail');
      await page.waitForSelector('#keys');
      await page.keyboard.press('?');
      await page.getByRole('dialog', { name: 'Keys' }).getByText('next and previous row').waitFor();
      await page.keyboard.press('Escape');
      await page.keyboard.press('t');
      await page.locator('html[data-theme=light]').waitFor();
    });
  });

  test('the table of the history stays open while the page changes', async () => {
    await visit(async (page) => {
      await page.goto(`${served.url}?range=6h`);
      await page.waitForSelector('#pause');
      await page.getByText('As a table').click();
      await redis.client.set('resque:stat:processed', '200000');
      await page.locator('#figures').getByText('200,000').waitFor();
      await page.getByRole('table', { name: 'The history, from the newest' }).waitFor();
      expect(await page.locator('nav.ranges [aria-current]').textContent()).toBe('6h');
    });
  });

  test('without scripts: pages, search, the history, and the theme', async () => {
    await visit(
      async (page) => {
        await page.goto(served.url);
        await page.getByRole('link', { name: '24h' }).click();
        await page.getByRole('img', { name: 'Processed' }).waitFor();
        await page.getByText('As a table').click();
        await page.getByRole('table', { name: 'The history, from the newest' }).waitFor();
        await page.getByRole('link', { name: 'Queues', exact: true }).click();
        await page.getByLabel('Name').fill('report');
        await page.getByRole('button', { name: 'Find' }).click();
        await page.getByRole('link', { name: 'reports' }).click();
        expect(await page.getByRole('heading', { level: 1 }).textContent()).toBe('Queue reports');
        await page.getByRole('button', { name: /Theme/ }).click();
        await page.locator('html[data-theme=light]').waitFor();
        expect(page.url()).toContain('queue?name=reports');
      },
      { javaScriptEnabled: false },
    );
  });

  test('a session: in, out, and what a viewer does not see', async () => {
    const guarded = await serve(redis.uri, { WEB_PASSWORD: 'correct horse' });
    try {
      const page = await browser.newPage();
      await page.goto(`${guarded.url}queue?name=mail`);
      await page.getByLabel('Password').fill('wrong horse');
      await page.getByRole('button', { name: 'Log in' }).click();
      await page.getByText('This is not the password.').waitFor();
      await page.getByLabel('Password').fill('correct horse');
      await page.getByRole('button', { name: 'Log in' }).click();
      await page.getByRole('heading', { name: 'Queue mail' }).waitFor();
      await page.getByRole('button', { name: 'Log out' }).click();
      await page.getByLabel('Password').waitFor();
      await page.close();
    } finally {
      await guarded.close();
    }
  });
});
