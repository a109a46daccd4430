/** The definition of `tsworker completion`. */
import { defineCommand } from '../../command.js';

export const completionCommand = defineCommand({
  name: 'completion',
  group: 'Set up',
  help: 'let the shell complete commands, flags and their values',
  verbs: {
    bash: { words: '', help: 'the script for bash' },
    zsh: { words: '', help: 'the script for zsh' },
    words: { words: '[words…]', help: 'used by the scripts: candidates for the last word' },
  },
  flags: {},
  settings: [],
  examples: [
    ['tsworker completion bash', 'in ~/.bashrc: source <(tsworker completion bash)'],
    [
      'tsworker completion zsh',
      'in ~/.zshrc, after autoload -U compinit && compinit: source <(tsworker completion zsh)',
    ],
    ['tsworker completion words -- queues pe', 'for other shells: a line for each candidate, tab, what it means'],
  ],
  notes: `Also works after npx, with the tsworker of the project. Without npx the shell must find it under the name that is \
typed: installed with npm install --global, or as ./node_modules/.bin/tsworker.

Names of queues, workers and classes come from Redis, if it answers within 300 ms, and classes from the job modules too. \
The flags of job modules are not completed, since no module is loaded.`,
  load: async () => (await import('./run.js')).completion,
});
