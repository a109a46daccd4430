/** Copies what the browser loads to dist: our own files as they are, and those of npm packages. Part of `npm run build`. */
import { copyFileSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const from = new URL('./', import.meta.url);
const to = new URL('../../../dist/dashboard/assets/', import.meta.url);
const { resolve } = createRequire(import.meta.url);

mkdirSync(to, { recursive: true });
for (const name of readdirSync(from)) if (!name.endsWith('.mjs')) copyFileSync(new URL(name, from), new URL(name, to));
const packages = JSON.parse(readFileSync(new URL('packages.json', from), 'utf8'));
for (const [name, path] of Object.entries(packages)) copyFileSync(resolve(path), new URL(name, to));
