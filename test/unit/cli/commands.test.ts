/** The table of commands: every row is typed as it says, explained, and cheap. */
import { describe, expect, it } from 'vitest';
import { glanceArgv, readArgv } from '../../../src/cli/argv.js';
import { COMMANDS, DEFAULT_COMMAND, findCommand } from '../../../src/cli/commands.js';
import { elsewhereOf, ownValues, specsOf } from '../../../src/cli/flags.js';
import { commandPage, helpPage } from '../../../src/cli/help.js';
import { commandOf, commandWord, readWords } from '../../../src/cli/words.js';

/** As the command line does it. */
function typed(line: string) {
  const argv = line.split(' ');
  const glance = glanceArgv(argv, specsOf(...COMMANDS));
  const command = commandOf(commandWord(glance, specsOf(...COMMANDS), specsOf(DEFAULT_COMMAND)));
  const read = readArgv(argv, specsOf(command), elsewhereOf(command));
  const named = read.words[0] === command.name ? read.words.slice(1) : read.words;
  const { verb, words } = readWords(command, named);
  return { name: command.name, verb, words, flags: ownValues(command, verb, read, '/') };
}

describe('each row', () => {
  it.each(COMMANDS.map((command) => [command.name, command] as const))(
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

  it.each(COMMANDS.map((command) => [command.name, command] as const))(
    '%s has a page of its own that fits',
    async (_, command) => {
      for (const columns of [80, 110]) {
        const page = await commandPage(command, {}, columns);
        expect(page).toMatch(new RegExp(`^Usage: tsworker ${command.name}`));
        for (const name of Object.keys(command.flags)) expect(page).toMatch(new RegExp(`^ +-${name}[ \\n]`, 'm'));
        for (const verb of Object.keys(command.verbs ?? {})) expect(page).toContain(`tsworker ${command.name} ${verb}`);
        for (const line of page.split('\n')) expect(line.length, line).toBeLessThanOrEqual(columns);
      }
      // Broken in two it could not be copied.
      const page = await commandPage(command, {}, 100);
      for (const [line] of command.examples) expect(page).toContain(`  ${line}`);
    },
  );

  it('is on the page of all', async () => {
    const page = await helpPage({}, 100);
    for (const { name, help } of COMMANDS) expect(page).toMatch(new RegExp(`tsworker ${name} +${help.slice(0, 20)}`));
  });

  it('a flag that two have is a boolean in both, or in none: the first look does not know the command', () => {
    const kinds = new Map<string, boolean>();
    for (const command of COMMANDS)
      for (const [flag, spec] of specsOf(command)) {
        expect(kinds.get(flag) ?? spec.boolean, `-${flag} of ${command.name}`).toBe(spec.boolean);
        kinds.set(flag, spec.boolean);
      }
  });
});

describe('the words', () => {
  it('may stand before, between and behind the flags', () => {
    const expected = { name: 'queues', verb: 'peek', words: ['low'], flags: { count: 5 } };
    for (const line of [
      'queues peek low -count=5',
      '-count 5 queues peek low',
      'queues -count=5 peek --count 5 low',
      '-uri redis://h queues peek -count=5 low',
    ])
      expect(typed(line), line).toEqual(expected);
  });

  it("are not mistaken for the value of a job module's flag, nor the other way round", () => {
    const known = specsOf(...COMMANDS);
    const word = (line: string) => commandWord(glanceArgv(line.split(' '), known), known, specsOf(DEFAULT_COMMAND));
    expect(word('-tenant acme -queues=a')).toBeUndefined();
    expect(word('-tenant acme config')).toBe('config');
    expect(word('-watch mailbox -queues=a')).toBeUndefined();
    expect(word('-yes queues remove old')).toBe('queues');
    expect(word('-exit-on-complete wrok')).toBe('wrok');
  });

  it.each([
    ['quues', 'unknown command "quues"', 'did you mean queues?'],
    ['queues pek', 'unknown sub-command "pek" of tsworker queues', 'did you mean peek?'],
    ['queues frobnicate', 'unknown sub-command "frobnicate" of tsworker queues', 'there is list, peek, remove'],
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
  ])('%s is refused', (line, message, hint) => {
    expect(() => typed(line)).toThrow(expect.objectContaining({ code: 'USAGE', message, hint }));
  });

  it('every command is found by its name alone', () => {
    for (const { name } of COMMANDS) expect(findCommand(name)?.name).toBe(name);
    expect(new Set(COMMANDS.map(({ name }) => name)).size).toBe(COMMANDS.length);
  });
});
