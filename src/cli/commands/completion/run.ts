/** `tsworker completion`: the shells' scripts, and the answers they ask for. What may come next is complete.ts' matter. */
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

/** A line for each: the word, a tab, what it means. A line `:files` or `:folders` where the shell knows better. */
async function answer({ words, sources }: Call): Promise<string> {
  const { candidates, paths, names } = complete(words);
  const all = [...candidates];
  if (names !== undefined) {
    const { liveNames } = await import('./live-names.js');
    // With the settings that the line has so far: -uri and -namespace, above all.
    const flags = settingTexts(readArgv(words.slice(0, -1), specsOf(...COMMANDS)));
    const found = await liveNames(names.kind, names.typed, { ...sources, flags });
    all.push(...found.map((name): Candidate => ({ text: `${names.head}${name}`, about: names.kind })));
  }
  const lines = all.map(({ text, about }) => `${text}\t${about.replaceAll(/\s+/g, ' ')}\n`);
  return `${lines.join('')}${paths === undefined ? '' : `:${paths}\n`}`;
}
