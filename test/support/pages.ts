/** The documentation: README.md, and the pages beside what they document. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from './cli.js';

export const PAGE_FILES = [
  'README.md',
  'bin/README.md',
  'config/README.md',
  'config/deploy.md',
  'config/dashboard.md',
  'config/migrating.md',
  'config/monitoring.md',
  'jobs/README.md',
  'jobs/active-job.md',
  'src/README.md',
  'test/README.md',
] as const;

export type PageFile = (typeof PAGE_FILES)[number];

export function page(file: PageFile): string {
  return readFileSync(join(projectRoot, file), 'utf8');
}

/** A page with its line breaks as blanks, so that a sentence is found regardless of line breaks. */
export function prose(file: PageFile): string {
  return page(file).replace(/\s+/g, ' ');
}

/** All pages, concatenated. */
export function allPages(): string {
  return PAGE_FILES.map(page).join('\n');
}
