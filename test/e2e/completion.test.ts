/** `tsworker completion` in real shells. */
import { chmodSync, existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { projectRoot, run, writeJobs } from '../support/cli.js';
import { tempDir } from '../support/reaper.js';
import { startRedis } from '../support/redis.js';
import { until } from '../support/until.js';

const has = (command: string) =>
  (process.env.PATH ?? '').split(delimiter).some((dir) => existsSync(join(dir, command)));

/** Where the lines are typed: with a tsworker on the PATH, as an installed one is, and files to complete. */
const cwd = writeJobs(tempDir('shell'), {
  'bin/tsworker': `#!/bin/sh\nexec '${process.execPath}' '${join(projectRoot, 'bin/tsworker.js')}' "$@"\n`,
  'certs/ca.pem': '',
  'certs/ca-old.pem': '',
  'jobs/j.mjs': "export function InModule() {}\nregister('Typed::Job', () => {});\n",
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

test('bash: names that Redis and the job modules have, and nothing where Redis is away', async () => {
  const redis = await startRedis({ port: true });
  onTestFinished(() => redis.stop());
  const key = (name: string) => `resque:${name}`;
  await redis.client.sAdd(key('queues'), ['low', 'lower', 'high', '$(touch pwned)', 'a b', 'x;y', '\u001b[2Jz']);
  await redis.client.rPush(key('queue:low'), ['{"class":"Queued","args":[]}', '{"class":"Evil;rm","args":[]}']);
  await redis.client.rPush(key('failed'), '{"payload":{"class":"Fails::Here","args":[]}}');
  await redis.client.sAdd(key('workers'), ['web1.ts:4711-0:high,low', 'web1.ts:4711-1:high,low']);
  const uri = `-uri=${redis.uri}`;
  const cases: readonly (readonly [string, string])[] = [
    [`tsworker ${uri} queues peek lo`, 'low lower'],
    [`tsworker ${uri} queues peek `, 'high low lower'],
    [`tsworker ${uri} -queues=high,lo`, 'high,low high,lower'],
    [`tsworker ${uri} enqueue `, 'Fails::Here InModule Queued Typed::Job'],
    // bash replaces only what stands behind the colon.
    [`tsworker ${uri} workers show web1.ts:47`, '4711-0 4711-1'],
    [`tsworker ${uri} failed retry -class=Fa`, 'Fails::Here'],
  ];
  // Names are left out that do not come in time: on a busy machine somebody presses Tab again.
  for (const [line, words] of cases)
    await until(async () => (await inBash([line]))[0] === words, { what: `${line} to be completed by ${words}` });
  const away = ['tsworker -uri=redis://127.0.0.1:1 queues peek ', 'tsworker -uri=nonsense queues peek '];
  expect(await inBash(away)).toEqual(['', '']);
});

test('bash: npx tsworker, with the tsworker of the project, and what completed npx before', async () => {
  const project = writeJobs(tempDir('project'), {
    'node_modules/.bin/tsworker': `#!/bin/sh\nexec '${process.execPath}' '${join(projectRoot, 'bin/tsworker.js')}' "$@"\n`,
    'deep/er/x': '',
  });
  chmodSync(join(project, 'node_modules/.bin/tsworker'), 0o755);
  const script = (before: string) => `${before}
    source <("$PWD"/../../node_modules/.bin/tsworker completion bash)
    compopt() { :; }
    while IFS= read -r COMP_LINE; do
      COMP_POINT=\${#COMP_LINE}
      read -ra COMP_WORDS <<< "$COMP_LINE"
      [[ $COMP_LINE == *' ' ]] && COMP_WORDS+=('')
      COMP_CWORD=$((\${#COMP_WORDS[@]} - 1))
      COMPREPLY=()
      _tsworker_npx
      echo "\${COMPREPLY[*]}"
    done`;
  const typed = async (lines: readonly string[], before = '') => {
    const input = lines.map((line) => `${line}\n`).join('');
    const shell = run('bash', ['--norc', '-c', script(before)], { cwd: join(project, 'deep/er'), input });
    expect(await shell.exit(), shell.output).toEqual({ code: 0, signal: null });
    return shell.stdout.replace(/\n$/, '').split('\n');
  };
  expect(await typed(['npx ts', 'npx tsworker que', 'npx tsworker queues pe', 'npx other x'])).toEqual([
    'tsworker',
    'queues',
    'peek',
    '',
  ]);
  const other = '_other() { COMPREPLY=(other); }; complete -F _other npx';
  expect(await typed(['npx o', 'npx tsworker queues pe'], other)).toEqual(['other', 'peek']);
});

test.skipIf(!has('zsh'))('zsh without compinit says what is missing', async () => {
  const shell = run('zsh', ['-f', '-c', 'source <(tsworker completion zsh); echo "rc $?"'], { cwd, env });
  await shell.exit();
  expect(shell.stdout).toBe('rc 1\n');
  expect(shell.stderr).toContain('autoload -U compinit && compinit');
});

test('bash: commands, sub-commands, flags, choices, paths', async () => {
  const cases: readonly (readonly [string, string])[] = [
    ['tsworker che', 'check'],
    ['tsworker queues p', 'peek pause purge'],
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
  expect(terminal.stdout).toMatch(/-log-level +-log-level +debug/);
});

test.skipIf(!has('zsh'))('zsh with a Tab on a terminal', async () => {
  // zsh brings a terminal of its own for that: what is drawn after a Tab is read from it.
  const script = `
    zmodload zsh/zpty
    zpty shell zsh -f -i
    zpty -w shell "PS1='> '; unset zle_bracketed_paste; autoload -U compinit; compinit -D; source <(tsworker completion zsh); echo re''ady"
    until [[ $text == *$'\\n'ready* ]]; do zpty -r shell chunk || exit 1; text+=$chunk; done
    zpty -n -w shell "tsworker conf"$'\\t'"-log-lev"$'\\t'"deb"$'\\t'$'\\n'
    until [[ $text == *-log-jobs* ]]; do zpty -r shell chunk || exit 2; text+=$chunk; done
    print -r -- "$text"`;
  const shell = run('zsh', ['-f', '-c', script], { cwd, env: { ...env, TERM: 'dumb' } });
  expect(await shell.exit(), shell.output).toEqual({ code: 0, signal: null });
  expect(shell.stdout).toMatch(/-log-level +-log-level +debug/);
});
