/** The root of the checkout: the suites run from test/ and, built, from below .cache/. */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const projectRoot = rootAbove(fileURLToPath(import.meta.url));

function rootAbove(path: string): string {
  const dir = dirname(path);
  return existsSync(join(dir, 'package.json')) ? dir : rootAbove(dir);
}
