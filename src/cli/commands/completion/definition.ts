/** How `tsworker completion` is typed. */
import { defineCommand } from '../../command.js';

export const completionCommand = defineCommand({
  name: 'completion',
  group: 'Set up',
  help: 'let the shell complete commands, flags and their values',
  verbs: {
    bash: { words: '', help: 'the script for bash' },
    zsh: { words: '', help: 'the script for zsh' },
    words: { words: '[words…]', help: 'what the scripts ask: how the last word may go on' },
  },
  flags: {},
  settings: [],
  examples: [
    ['tsworker completion bash', 'in ~/.bashrc: source <(tsworker completion bash)'],
    ['tsworker completion zsh', 'in ~/.zshrc, behind compinit: source <(tsworker completion zsh)'],
    ['tsworker completion words -- queues pe', 'for other shells: a line for each candidate, tab, what it means'],
  ],
  notes: `The shell must find tsworker under the name that is typed: installed with npm install --global, or as \
./node_modules/.bin/tsworker. The flags of job modules are not completed: no module is loaded.`,
  load: async () => (await import('./run.js')).completion,
});
