/** Screenshots of every page, only if DASHBOARD_SHOTS names a folder. */
import { expect, test } from 'vitest';
import { PAGES } from '../../../src/dashboard/routes/all.js';
import { hasBrowser, serve, startBrowser, watchPage } from '../../support/browser.js';
import { fill } from '../../support/dashboard-data.js';
import { startRedis } from '../../support/redis.js';

const folder = process.env.DASHBOARD_SHOTS;
const QUERIES: Readonly<Record<string, string>> = { queue: '?name=mail', worker: '?id=web1:22393:mail' };

test.skipIf(folder === undefined || !hasBrowser)('pictures', { timeout: 120_000 }, async () => {
  const redis = await startRedis();
  await fill(redis.client);
  const served = await serve(redis.uri, { TITLE: 'production', COLOR: 'red' });
  const browser = await startBrowser();
  const problems: string[] = [];
  const only = process.env.DASHBOARD_ONLY?.split(',');
  try {
    for (const [width, theme] of [
      [1280, 'light'],
      [1280, 'dark'],
      [360, 'light'],
    ] as const) {
      const page = await browser.newPage({ viewport: { width, height: 900 }, colorScheme: theme });
      problems.push(...watchPage(page, served.url));
      await page.goto(`${served.url}failed?view=list`);
      const failure = (await page.locator('main a[href^="failure?"]').first().getAttribute('href')) ?? '';
      const queries: Readonly<Record<string, string>> = { ...QUERIES, failure: failure.slice('failure'.length) };
      for (const { path } of PAGES) {
        if (path === 'operation') continue;
        if (only !== undefined && !only.includes(path)) continue;
        const seen = watchPage(page, served.url);
        await page.goto(`${served.url}${path}${queries[path] ?? ''}`);
        await page.screenshot({ path: `${folder}/${path || 'overview'}-${width}-${theme}.png`, fullPage: true });
        problems.push(...seen);
      }
      await page.close();
    }
    // Those of the documentation.
    const page = await browser.newPage({ viewport: { width: 1100, height: 620 } });
    for (const name of ['', 'failed']) {
      await page.goto(served.url + name);
      await page.waitForTimeout(2500);
      await page.screenshot({ path: `${folder}/dashboard-${name || 'overview'}.png` });
    }
    await page.close();
  } finally {
    await browser.close();
    await served.close();
    await redis.stop();
  }
  expect(problems).toEqual([]);
});
