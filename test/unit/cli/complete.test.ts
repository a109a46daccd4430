/** Candidates for the next word of a command line. */
import { describe, expect, test } from 'vitest';
import { COMMANDS } from '../../../src/cli/commands.js';
import { complete } from '../../../src/cli/complete.js';
import { SCHEMA } from '../../../src/config/settings-table.js';

/** The line as it is typed up to the cursor. */
const texts = (line: string) => complete(line.split(' ')).candidates.map(({ text }) => text);

describe('commands', () => {
  test('all of them, help too, and those that begin so', () => {
    expect(texts('').sort()).toEqual([...COMMANDS.map(({ name }) => name), 'help'].sort());
    expect(texts('que')).toEqual(['queues']);
    expect(texts('help wor').sort()).toEqual(['work', 'workers']);
    expect(texts('help work ')).toEqual([]);
    expect(texts('help failed re')).toEqual(['retry', 'remove']);
    expect(texts('nothing ')).toEqual([]);
  });

  test('behind flags of the daemon, with their values as words of their own or not', () => {
    expect(texts('-exit-on-complete che')).toEqual(['check']);
    expect(texts('-uri redis://x che')).toEqual(['check']);
    expect(texts('-uri=redis://x che')).toEqual(['check']);
  });

  test('every sub-command of every command', () => {
    for (const { name, verbs } of COMMANDS) {
      expect(texts(`${name} `)).toEqual(Object.keys(verbs ?? {}));
      for (const verb of Object.keys(verbs ?? {})) expect(texts(`${name} ${verb}`)).toContain(verb);
    }
  });
});

describe('flags', () => {
  test('every flag of every command and sub-command, and no other', () => {
    for (const { name, verbs = { '': { flags: undefined } }, flags, settings } of COMMANDS) {
      for (const [verb, row] of Object.entries(verbs)) {
        const own = Object.keys(flags).filter((flag) => row.flags?.includes(flag) !== false);
        const all = [
          ...own,
          ...settings.map((key) => SCHEMA[key].flag),
          ...(settings.length > 0 ? ['config'] : []),
          'help',
        ];
        const offered = texts(`${name} ${verb === '' ? '' : `${verb} `}-`).map((text) =>
          text.slice(1).replace('=', ''),
        );
        expect(offered.sort(), `${name} ${verb}`).toEqual(all.sort());
      }
    }
  });

  test('with an equals sign where a value belongs to it, with as many dashes as were typed', () => {
    expect(texts('-log-l')).toEqual(['-log-level=']);
    expect(texts('--log-l')).toEqual(['--log-level=']);
    expect(texts('-exit')).toEqual(['-exit-on-complete']);
    expect(texts('-que')).toEqual(['-queues=']);
  });

  test('before any command those of the daemon', () => {
    expect(texts('-conc')).toEqual(['-concurrency=']);
    expect(texts('status -conc')).toEqual([]);
  });
});

describe('values', () => {
  test('every choice of every setting, behind an equals sign and behind a blank', () => {
    for (const { flag, kind } of Object.values(SCHEMA)) {
      const choices = kind.choices ?? [];
      expect(texts(`-${flag}=`)).toEqual(choices.map((choice) => `-${flag}=${choice}`));
      if (kind.placeholder !== '') expect(texts(`work -${flag} `)).toEqual(choices);
      for (const choice of choices) expect(texts(`-${flag}=${choice.slice(0, 2)}`)).toContain(`-${flag}=${choice}`);
    }
    expect(texts('-on-dead=r')).toEqual(['-on-dead=requeue']);
    expect(texts('-log-level d')).toEqual(['debug']);
  });

  test('paths are the shell’s to know', () => {
    expect(complete(['-tls-cert='])).toEqual({ candidates: [], paths: 'files' });
    expect(complete(['-config', ''])).toEqual({ candidates: [], paths: 'files' });
    expect(complete(['check', '-jobs=jo'])).toEqual({ candidates: [], paths: 'folders' });
    expect(complete(['init', ''])).toEqual({ candidates: [], paths: 'folders' });
    expect(complete(['init', 'a', ''])).toEqual({ candidates: [] });
  });

  test('a flag that is not known, and free text, offer nothing', () => {
    for (const line of ['-no-such=', '-uri=re', '-uri ', 'queues list ', 'status x '])
      expect(complete(line.split(' '))).toEqual({ candidates: [] });
  });

  test.each([
    ['queues peek lo', { kind: 'queue', head: '', typed: 'lo' }],
    ['queues remove ', { kind: 'queue', head: '', typed: '' }],
    ['workers show web', { kind: 'worker', head: '', typed: 'web' }],
    ['workers stop web', { kind: 'worker', head: '', typed: 'web' }],
    ['enqueue He', { kind: 'class', head: '', typed: 'He' }],
    ['enqueue Hello -queue=gr', { kind: 'queue', head: '-queue=', typed: 'gr' }],
    ['enqueue Hello -queue gr', { kind: 'queue', head: '', typed: 'gr' }],
    ['-queues=high,lo', { kind: 'queue', head: '-queues=high,', typed: 'lo' }],
    ['failed retry --class=A,B', { kind: 'class', head: '--class=A,', typed: 'B' }],
  ])('%s asks for names', (line, names) => {
    expect(complete(line.split(' '))).toEqual({ candidates: [], names });
  });
});
