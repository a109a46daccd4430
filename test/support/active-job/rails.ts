/** Real ActiveJob, in a Ruby process of its own: see rails.rb. */
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const SCRIPT = fileURLToPath(new URL('rails.rb', import.meta.url));

function versionOf(): string {
  try {
    const code = 'require "active_job"; print ActiveJob::VERSION::STRING';
    return execFileSync('ruby', ['-e', code], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  } catch {
    return '';
  }
}

/** '' if Ruby or its gem is missing. */
export const ACTIVE_JOB = versionOf();

/** Added to the name of a suite. */
export const AGAINST =
  ACTIVE_JOB === '' ? 'real ActiveJob: skipped, no ruby-activejob here' : `ActiveJob ${ACTIVE_JOB}`;

type Command = 'serialize' | 'deserialize' | 'produce' | 'perform' | 'later';

/**
 * @param lines its input
 * @param more its further arguments
 * @returns the lines of its output
 */
export function rails(command: Command, lines: readonly string[] = [], more: readonly string[] = []): string[] {
  const input = lines.map((line) => `${line}\n`).join('');
  return execFileSync('ruby', [SCRIPT, command, ...more], { encoding: 'utf8', input })
    .trimEnd()
    .split('\n');
}
