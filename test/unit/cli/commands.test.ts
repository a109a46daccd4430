/** The table of commands: every command can be typed as documented, is explained, and is cheap to load. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readArgv } from '../../../src/cli/argv.js';
import { COMMANDS, DEFAULT_COMMAND, findCommand } from '../../../src/cli/commands.js';
import { checkFlags, ownValues, specsOf } from '../../../src/cli/flags.js';
import { commandPage, helpPage } from '../../../src/cli/help.js';
import { commandAt, commandOf, readPositionals } from '../../../src/cli/positionals.js';

const DESTRUCTIVE = ['remove', 'clear', 'prune', 'purge', 'cancel', 'quiet', 'stop'];

/** As the command line does it. */
function typed(line: string) {
  const argv = line.split(' ');
  const command = commandOf(commandWord(line));
  const specs = specsOf(command);
  const read = readArgv(argv, specs);
  checkFlags(command, read, specs.keys());
  const { verb, words } = readPositionals(command, read);
  return { name: command.name, verb, words, flags: ownValues(command, verb, read, '/') };
}

function commandWord(line: string): string | undefined {
  const known = specsOf(...COMMANDS);
  const read = readArgv(line.split(' '), known);
  return read.words[commandAt(read, known, specsOf(DEFAULT_COMMAND))];
}

describe('each definition', () => {
  test.each(COMMANDS.map((command) => [command.name, command] as const))(
    '%s has examples that can be typed',
    (_, command) => {
      expect(command.examples.length).toBeGreaterThan(0);
      for (const [line] of command.examples) {
        const own = line.split(' | ').find((part) => part.startsWith('tsworker')) ?? line;
        // What follows a job's class may be quoted.
        const words = own.replace(/^.*?tsworker ?/, '').replaceAll(/'[^']*'/g, 'x');
        // The file of an example is not there.
        expect(typed(words.replace('=jobs.ndjson', '=-')).name, line).toBe(command.name);
      }
    },
  );

  test.each(COMMANDS.map((command) => [command.name, command] as const))(
    '%s has a page of its own that fits',
    async (_, command) => {
      for (const columns of [60, 80, 110]) {
        const page = await commandPage(command, { columns });
        expect(page).toMatch(new RegExp(`^Usage: tsworker ${command.name}`));
        for (const name of Object.keys(command.flags)) expect(page).toMatch(new RegExp(`^ +-${name}[ \\n]`, 'm'));
        for (const verb of Object.keys(command.verbs ?? {})) expect(page).toContain(`tsworker ${command.name} ${verb}`);
        // Examples stay whole: broken in two they could not be copied.
        for (const line of page.split('\n').filter((line) => !/^ +(zcat|tsworker) .*[=|] ?/.test(line)))
          expect(line.length, line).toBeLessThanOrEqual(columns);
      }
      const page = await commandPage(command, { columns: 100 });
      for (const [line] of command.examples) expect(page).toContain(`  ${line}`);
    },
  );

  test('is on the page of all', async () => {
    const page = await helpPage({}, 100);
    for (const { name, help } of COMMANDS) expect(page).toMatch(new RegExp(`tsworker ${name} +${help.slice(0, 20)}`));
  });

  test('a flag that two have is a boolean in both, or in none: the first look does not know the command', () => {
    const kinds = new Map<string, boolean>();
    for (const command of COMMANDS)
      for (const [flag, spec] of specsOf(command)) {
        expect(kinds.get(flag) ?? spec.boolean, `-${flag} of ${command.name}`).toBe(spec.boolean);
        kinds.set(flag, spec.boolean);
      }
  });
});

describe('the words', () => {
  test('may stand before, between and behind the flags', () => {
    const expected = { name: 'queues', verb: 'peek', words: ['low'], flags: { count: 5 } };
    for (const line of [
      'queues peek low -count=5',
      '-count 5 queues peek low',
      'queues -count=5 peek --count 5 low',
      '-uri redis://h queues peek -count=5 low',
    ])
      expect(typed(line), line).toEqual(expected);
  });

  test("are not mistaken for the value of a job module's flag, nor the other way round", () => {
    expect(commandWord('-tenant acme -queues=a')).toBeUndefined();
    expect(commandWord('-tenant acme config')).toBe('config');
    expect(commandWord('-watch mailbox -queues=a')).toBeUndefined();
    expect(commandWord('-yes queues remove old')).toBe('queues');
    expect(commandWord('-exit-on-complete wrok')).toBe('wrok');
  });

  test.each([
    ['quues', 'unknown command "quues"', 'did you mean queues?'],
    ['queues pek', 'unknown sub-command "pek" of tsworker queues', 'did you mean peek?'],
    [
      'queues frobnicate',
      'unknown sub-command "frobnicate" of tsworker queues',
      'there is list, peek, pause, resume, move, purge, remove, release',
    ],
    ['queues peek', 'tsworker queues peek needs <queue>', 'usage: tsworker queues peek <queue>'],
    ['queues peek a b', 'unexpected word "b" after queues peek', 'usage: tsworker queues peek <queue>'],
    ['queues list -count=5', 'tsworker queues list takes no flag -count', undefined],
    ['queues peek a -count=0', '-count: must be a whole number, 1 or more, not "0"', undefined],
    [
      'status -concurrency=5',
      'tsworker status takes no flag -concurrency: it belongs to tsworker work, tsworker check and tsworker config',
      undefined,
    ],
    ['status -wacth', 'unknown flag -wacth', 'did you mean -watch?'],
    ['-queue=a', 'tsworker work takes no flag -queue: it belongs to other commands', 'did you mean -queues?'],
    ['status -frobnicate', 'unknown flag -frobnicate', undefined],
    ['status -uri', 'the flag -uri needs a value', undefined],
    [
      'queues remove old -yes true',
      'unexpected word "true" after queues remove',
      '-yes takes no value, or one behind an equals sign: -yes=false',
    ],
    [
      'status -watch 5',
      'unexpected word "5" after status',
      '-watch takes no value, or one behind an equals sign: -watch=false',
    ],
    [
      'queues shift a b',
      'unknown sub-command "shift" of tsworker queues',
      'there is list, peek, pause, resume, move, purge, remove, release',
    ],
  ])('%s is refused', (line, message, hint) => {
    expect(() => typed(line)).toThrow(expect.objectContaining({ code: 'USAGE', message, hint }));
  });

  test('no typing error is answered with what cannot be undone', () => {
    const typing = fc.tuple(fc.constantFrom(...DESTRUCTIVE), fc.nat(8), fc.nat(8), fc.string({ maxLength: 2 }));
    fc.assert(
      fc.property(typing, fc.constantFrom('queues', 'workers', 'failed'), ([meant, from, length, put], name) => {
        const word = `${meant.slice(0, from)}${put}${meant.slice(from + length)}`;
        fc.pre(!Object.keys(findCommand(name)?.verbs ?? {}).includes(word) && /^[^-\s]\S*$/.test(word));
        for (const verb of DESTRUCTIVE)
          expect(() => typed(`${name} ${word}`)).not.toThrow(
            expect.objectContaining({ hint: `did you mean ${verb}?` }),
          );
      }),
      { numRuns: 40 },
    );
  });

  test('every command is found by its name alone', () => {
    for (const { name } of COMMANDS) expect(findCommand(name)?.name).toBe(name);
    expect(new Set(COMMANDS.map(({ name }) => name)).size).toBe(COMMANDS.length);
  });
});
