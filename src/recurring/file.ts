/** A schedule file of resque-scheduler: YAML, a mapping of names to entries. */
import { readFile } from 'node:fs/promises';
import type { Entry } from './entry.js';
import { refusal } from './entry.js';
import { readRubyEntry } from './ruby.js';

/**
 * @param name the name of the file, for errors
 * @param skipped called for each entry of another environment
 * @throws TsworkerError USAGE that names the file, the line if known, and what would be right
 */
export async function readRubyFile(
  path: string,
  name: string,
  environment: string | undefined,
  skipped: (entry: string) => void,
): Promise<Entry[]> {
  const text = await readFile(path, 'utf8');
  if (text.includes('<%'))
    throw refusal(
      `the schedule file ${name} holds Ruby code (<% … %>), which tsworker does not run`,
      'Write the values themselves, or keep the schedule in the configuration of tsworker.',
    );
  const { parseDocument } = await import('yaml');
  // Ruby reads YAML 1.1, in which anchors may be merged with <<.
  const document = parseDocument(text, { version: '1.1', intAsBigInt: true });
  const [error] = document.errors;
  if (error !== undefined) {
    const line = error.linePos?.[0].line;
    const reason = error.message.split('\n')[0].replace(/ at line \d+.*$/, '');
    throw refusal(
      `the schedule file ${name}${line === undefined ? '' : `:${line}`} is no YAML: ${reason}`,
      'Correct it.',
    );
  }
  const content: unknown = document.toJS();
  if (content === null || content === undefined) return [];
  if (typeof content !== 'object' || Array.isArray(content))
    throw refusal(`the schedule file ${name} must be a mapping of names to entries`, 'nightly: { cron: …, class: … }');
  return Object.entries(content).flatMap(([entry, given]) => {
    const read = readRubyEntry(entry, given, name, environment);
    if (read === undefined) skipped(entry);
    return read ?? [];
  });
}
