/** `tsworker completion`: prints the shells' scripts, and the candidates that they request (complete.ts). */
import { readArgv } from '../../argv.js';
import { type Call, EXIT } from '../../command.js';
import { COMMANDS } from '../../commands.js';
import { type Candidate, complete } from '../../complete.js';
import { settingTexts, specsOf } from '../../flags.js';
import { BASH, ZSH } from './scripts.js';

export async function completion(call: Call): Promise<number> {
  const { verb, io } = call;
  if (verb === 'words') io.out(await answer(call));
  else io.out(verb === 'zsh' ? ZSH : BASH);
  return EXIT.fine;
}

/**
 * A line for each candidate: the word, a tab, its meaning. A line `:files` or `:folders` asks the shell to complete
 * these.
 */
async function answer({ words, sources }: Call): Promise<string> {
  const { candidates, paths, names } = complete(words);
  const all = [...candidates];
  if (names !== undefined) {
    const { liveNames } = await import('./live-names.js');
    // With the settings given on the line so far, such as -uri and -namespace.
    const flags = settingTexts(readArgv(words.slice(0, -1), specsOf(...COMMANDS)));
    const found = await liveNames(names.kind, names.typed, { ...sources, flags });
    all.push(...found.map((name): Candidate => ({ text: `${names.head}${name}`, about: names.kind })));
  }
  const lines = all.map(({ text, about }) => `${text}\t${about.replaceAll(/\s+/g, ' ')}\n`);
  return `${lines.join('')}${paths === undefined ? '' : `:${paths}\n`}`;
}
