/** The table of all commands. Contains only definitions. */
import { type Command, GROUPS } from './command.js';
import { checkCommand } from './commands/check/definition.js';
import { completionCommand } from './commands/completion/definition.js';
import { configCommand } from './commands/config/definition.js';
import { delayedCommand } from './commands/delayed/definition.js';
import { demoCommand } from './commands/demo/definition.js';
import { enqueueCommand } from './commands/enqueue/definition.js';
import { failedCommand } from './commands/failed/definition.js';
import { initCommand } from './commands/init/definition.js';
import { locksCommand } from './commands/locks/definition.js';
import { pauseCommand, resumeCommand } from './commands/pause/definition.js';
import { queuesCommand } from './commands/queues/definition.js';
import { retriesCommand } from './commands/retries/definition.js';
import { scheduleCommand } from './commands/schedule/definition.js';
import { schedulerCommand } from './commands/scheduler/definition.js';
import { statusCommand } from './commands/status/definition.js';
import { webCommand } from './commands/web/definition.js';
import { workCommand } from './commands/work/definition.js';
import { workersCommand } from './commands/workers/definition.js';

/** In the order of the help page, within each group. */
export const COMMANDS: readonly Command[] = [
  // Work
  workCommand,
  schedulerCommand,
  enqueueCommand,
  demoCommand,
  // Inspect
  statusCommand,
  queuesCommand,
  workersCommand,
  webCommand,
  // Repair
  failedCommand,
  retriesCommand,
  delayedCommand,
  scheduleCommand,
  locksCommand,
  pauseCommand,
  resumeCommand,
  // Set up
  initCommand,
  checkCommand,
  configCommand,
  completionCommand,
];

/** The default command. */
export const DEFAULT_COMMAND = workCommand;

export function findCommand(name: string): Command | undefined {
  return COMMANDS.find((command) => command.name === name);
}

export function byGroup(): readonly (readonly [group: string, commands: readonly Command[]])[] {
  return GROUPS.map((group) => [group, COMMANDS.filter((command) => command.group === group)] as const).filter(
    ([, commands]) => commands.length > 0,
  );
}
