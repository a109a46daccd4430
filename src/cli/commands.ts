/** The one table of commands. Must not know how any of them works: the rows say how they are typed. */
import { type Command, GROUPS } from './command.js';
import { checkCommand } from './commands/check.row.js';
import { completionCommand } from './commands/completion.row.js';
import { configCommand } from './commands/config.row.js';
import { demoCommand } from './commands/demo.row.js';
import { enqueueCommand } from './commands/enqueue.row.js';
import { failedCommand } from './commands/failed.row.js';
import { initCommand } from './commands/init.row.js';
import { pauseCommand, resumeCommand } from './commands/pause.row.js';
import { queuesCommand } from './commands/queues.row.js';
import { statusCommand } from './commands/status.row.js';
import { workCommand } from './commands/work.row.js';
import { workersCommand } from './commands/workers.row.js';

/** In the order of the help page, within each group. */
export const COMMANDS: readonly Command[] = [
  // Work
  workCommand,
  enqueueCommand,
  demoCommand,
  // Look
  statusCommand,
  queuesCommand,
  workersCommand,
  // Repair
  failedCommand,
  pauseCommand,
  resumeCommand,

  // Set up
  initCommand,
  checkCommand,
  configCommand,
  completionCommand,
];

/** The command that runs when none is named. */
export const DEFAULT_COMMAND = workCommand;

export function findCommand(name: string): Command | undefined {
  return COMMANDS.find((command) => command.name === name);
}

export function byGroup(): readonly (readonly [group: string, commands: readonly Command[]])[] {
  return GROUPS.map((group) => [group, COMMANDS.filter((command) => command.group === group)] as const).filter(
    ([, commands]) => commands.length > 0,
  );
}
