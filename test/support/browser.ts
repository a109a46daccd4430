/** A real browser on a real dashboard: Debian's chromium, driven by playwright-core. */
import { existsSync } from 'node:fs';
import { type Browser, chromium, type Page } from 'playwright-core';
import { loadSettings } from '../../src/config/load.js';
import { readWebSettings } from '../../src/config/web.js';
import { serveDashboard } from '../../src/dashboard/server.js';

const PATHS = [
  process.env.CHROMIUM_PATH ?? '',
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
];
const executablePath = PATHS.find((path) => path !== '' && existsSync(path));

/** Without a browser the tests are skipped. */
export const hasBrowser = executablePath !== undefined;
if (!hasBrowser) console.warn('no chromium here: the tests in a browser are skipped (apt-get install chromium)');

export function startBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: executablePath as string, args: ['--no-sandbox', '--disable-gpu'] });
}

export interface Served {
  readonly url: string;
  readonly lines: readonly string[];
  close(): Promise<void>;
}

export async function serve(uri: string, web: Record<string, string> = {}): Promise<Served> {
  const env = Object.fromEntries(Object.entries(web).map(([name, value]) => [`TSWORKER_${name}`, value]));
  const { settings } = await loadSettings({ flags: { uri }, env: {}, cwd: '/', file: null, queuesRequired: false });
  const lines: string[] = [];
  const write = (fields: object) => void lines.push(JSON.stringify(fields));
  const given = readWebSettings({ port: 0 }, env, '/', undefined);
  const server = await serveDashboard({ settings, web: given }, { info: write, warn: write, error: write });
  return { url: server.url, lines, close: () => server.close() };
}

/** All errors of the browser, and its requests to other hosts. */
export function watchPage(page: Page, url: string): string[] {
  const problems: string[] = [];
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) problems.push(`console: ${message.text()}`);
  });
  page.on('pageerror', (error) => problems.push(`error: ${error.message}`));
  page.on('request', (request) => {
    if (!request.url().startsWith(url)) problems.push(`request: ${request.url()}`);
  });
  return problems;
}
