/** What can be checked without Redis: the settings, read as the worker does, and the job modules. Runs no job and no hook. */
import { loadSettings, type Resolved, type Sources } from '../config/load.js';
import type { SelfImport } from '../job-modules/import.js';
import { type JobModules, loadJobs } from '../job-modules/load.js';
import { bad, type Finding, findingOf, good, some, warning } from './finding.js';

/** The settings are missing where they are wrong: nothing else can be checked then. */
export async function checkSettings(sources: Sources): Promise<{ resolved?: Resolved; findings: readonly Finding[] }> {
  try {
    const resolved = await loadSettings({ ...sources, queuesRequired: false });
    return { resolved, findings: [...aboutQueues(resolved), ...aboutStopping(resolved), ...warningsOf(resolved)] };
  } catch (error) {
    return { findings: [findingOf(error)] };
  }
}

function aboutQueues({ settings, origins }: Resolved): Finding[] {
  const { queues, weighted } = settings.queues;
  if (queues.length === 0)
    return [
      bad(
        'no queues are set: the worker would not start',
        'give -queues=high=2,low=1, TSWORKER_QUEUES, or queues in the file',
      ),
    ];
  const names = queues.map(({ name, weight }) => (weighted ? `${name}=${weight}` : name)).join(',');
  const order = weighted ? 'by weight' : 'in strict order';
  return [good(`the settings are valid: queues ${names} ${order} (${origins.queues})`)];
}

function aboutStopping({ settings, origins }: Resolved): Finding[] {
  if (settings.grace > 0) return [];
  return [
    warning(
      `no -grace is set (${origins.grace}): at a stop the worker waits for its jobs, however long they take`,
      'give -grace some seconds less than your platform waits before it kills: 20 on Heroku',
    ),
  ];
}

function warningsOf({ warnings }: Resolved): Finding[] {
  return warnings.map((text) => warning(text, 'see tsworker config for what is in force, and from where'));
}

export interface ModulesSeen {
  readonly findings: readonly Finding[];
  readonly modules: JobModules;
  /** All could be loaded: what is not among their classes is nowhere. */
  readonly complete: boolean;
}

export async function checkModules(paths: readonly string[], self: SelfImport): Promise<ModulesSeen> {
  const loaded: Finding[] = [];
  const problems: Finding[] = [];
  const modules = await loadJobs(paths, {
    self,
    onModule: (file, classes) => void loaded.push(good(`${file}: ${registers(classes)}`)),
    onProblem: (error) => void problems.push(findingOf(error)),
  });
  const unused = modules.warnings.map((text) => warning(text, 'rename it, or export a function'));
  return { findings: [...loaded, ...problems, ...unused], modules, complete: problems.length === 0 };
}

function registers(classes: readonly string[]): string {
  return classes.length === 0 ? 'loads but registers no class' : some([...classes].sort(), 20);
}
