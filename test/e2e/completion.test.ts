/** `tsworker completion` in real shells: what a Tab does there. */
import { chmodSync, existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { expect, test } from 'vitest';
import { projectRoot, run, writeJobs } from '../support/cli.js';
import { tempDir } from '../support/reaper.js';

const has = (command: string) =>
  (process.env.PATH ?? '').split(delimiter).some((dir) => existsSync(join(dir, command)));

/** Where the lines are typed: with a tsworker on the PATH, as an installed one is, and files to complete. */
const cwd = writeJobs(tempDir('shell'), {
  'bin/tsworker': `#!/bin/sh\nexec '${process.execPath}' '${join(projectRoot, 'bin/tsworker.js')}' "$@"\n`,
  'certs/ca.pem': '',
  'certs/ca-old.pem': '',
  'jobs/j.mjs': '',
});
chmodSync(join(cwd, 'bin/tsworker'), 0o755);
const env = { PATH: `${join(cwd, 'bin')}${delimiter}${process.env.PATH}` };

/** Each line with the cursor at its end → the words that bash may put in place of its last one. */
async function inBash(lines: readonly string[], before = ''): Promise<string[]> {
  const script = `${before}
    source <(tsworker completion bash)
    compopt() { :; }
    while IFS= read -r COMP_LINE; do
      COMP_POINT=\${#COMP_LINE}
      _tsworker
      echo "\${COMPREPLY[*]}"
    done`;
  const shell = run('bash', ['--norc', '-c', script], { cwd, env, input: lines.map((line) => `${line}\n`).join('') });
  expect(await shell.exit(), shell.output).toEqual({ code: 0, signal: null });
  expect(shell.stderr).toBe('');
  return shell.stdout.replace(/\n$/, '').split('\n');
}

test('bash: commands, sub-commands, flags, choices, paths', async () => {
  const cases: readonly (readonly [string, string])[] = [
    ['tsworker che', 'check'],
    ['tsworker queues p', 'peek'],
    ['tsworker -log-l', '-log-level='],
    ['tsworker check --exit', '--exit-on-complete'],
    // bash replaces only what stands behind the equals sign.
    ['tsworker -log-level=d', 'debug'],
    ['tsworker -on-dead ', 'requeue fail'],
    ['tsworker check -tls-cert=certs/ca.', 'certs/ca.pem'],
    ['tsworker -jobs=jo', 'jobs'],
    ['tsworker init ce', 'certs'],
    ['tsworker nothing ', ''],
  ];
  expect(await inBash(cases.map(([line]) => line))).toEqual(cases.map(([, words]) => words));
  // Where it is told not to split there, it replaces the whole word.
  expect(await inBash(['tsworker -log-level=d'], 'COMP_WORDBREAKS=" "')).toEqual(['-log-level=debug']);
});

test.skipIf(!has('script'))('bash with a Tab on a terminal', async () => {
  const rc = writeJobs(tempDir('rc'), { rc: "source <(tsworker completion bash)\nPS1='> '\n" });
  const command = `bash --rcfile ${join(rc, 'rc')} -i`;
  // What the Tab made of the line is then run: a check without any queue.
  const typed = 'tsworker conf\t-log-lev\tdeb\t\rexit\r';
  const terminal = run('script', ['-qec', command, '/dev/null'], { cwd, env: { ...env, TERM: 'dumb' }, input: typed });
  await terminal.exit();
  expect(terminal.stdout.replaceAll('\u0007', '')).toContain('tsworker config -log-level=debug');
  expect(terminal.stdout).toMatch(/-log-level +│ debug +│ -log-level/);
});

test.skipIf(!has('zsh'))('zsh with a Tab on a terminal', async () => {
  // zsh brings a terminal of its own for that: what is drawn after a Tab is read from it.
  const script = `
    zmodload zsh/zpty
    zpty shell zsh -f -i
    zpty -w shell "PS1='> '; unset zle_bracketed_paste; autoload -U compinit; compinit -D; source <(tsworker completion zsh); echo re''ady"
    until [[ $text == *$'\\n'ready* ]]; do zpty -r shell chunk || exit 1; text+=$chunk; done
    zpty -n -w shell "tsworker conf"$'\\t'"-log-lev"$'\\t'"deb"$'\\t'$'\\n'
    until [[ $text == *└* ]]; do zpty -r shell chunk || exit 2; text+=$chunk; done
    print -r -- "$text"`;
  const shell = run('zsh', ['-f', '-c', script], { cwd, env: { ...env, TERM: 'dumb' } });
  expect(await shell.exit(), shell.output).toEqual({ code: 0, signal: null });
  expect(shell.stdout).toMatch(/-log-level +│ debug +│ -log-level/);
});
