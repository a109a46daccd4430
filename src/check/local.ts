/** Checks without Redis: the settings, as the worker reads them, and the job modules. Runs no job and no hook. */
import { loadSettings, type Resolved, type Sources } from '../config/load.js';
import { didYouMean } from '../config/suggest.js';
import type { ClassPolicies } from '../job-modules/class-policies.js';
import { configProgram } from '../job-modules/config-program.js';
import type { SelfImport } from '../job-modules/import.js';
import { type JobModules, loadJobs } from '../job-modules/load.js';
import { hooksIn } from '../job-modules/middleware.js';
import { bad, type Finding, findingOf, good, some, warning } from './finding.js';

/** No settings if they are invalid: then nothing else can be checked. */
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
  /** All job modules were loaded: a class that is missing is registered nowhere. */
  readonly complete: boolean;
}

/** @param file the configuration file, if it has middleware or options of classes */
export async function checkModules(paths: readonly string[], self: SelfImport, file?: string): Promise<ModulesSeen> {
  const loaded: Finding[] = [];
  // A middleware file that does not load is a problem of each module that it covers: one is enough.
  const problems = new Map<unknown, Finding>();
  const onProblem = (error: unknown) => void problems.set(error, findingOf(error));
  const program = file === undefined ? undefined : ((await configProgram(file, self).catch(onProblem)) ?? undefined);
  const middleware = program?.middleware ?? [];
  if (middleware.length > 0)
    loaded.push(good(`${middleware[0].origin}: ${some([...new Set(middleware.flatMap(hooksIn))], 20)}`));
  const modules = await loadJobs(paths, {
    self,
    middleware,
    classes: program?.classes,
    onMiddleware: (name, hooks) => void loaded.push(good(`${name}: middleware ${some(hooks, 20)}`)),
    onModule: (file, classes) => void loaded.push(good(`${file}: ${registers(classes)}`)),
    onProblem,
  });
  const unused = modules.warnings.map((text) => warning(text, 'rename it, or export a function'));
  const classes = problems.size > 0 ? [] : aboutClasses(program?.classes, modules.functions.classes);
  return { findings: [...loaded, ...problems.values(), ...unused, ...classes], modules, complete: problems.size === 0 };
}

function aboutClasses(policies: ClassPolicies | undefined, classes: readonly string[]): Finding[] {
  return (policies?.unmatched(classes) ?? []).map((name) => {
    const guess = didYouMean(name, classes);
    return warning(`classes in the configuration: no registered class is ${name}${guess}`, 'correct or remove it');
  });
}

function registers(classes: readonly string[]): string {
  return classes.length === 0 ? 'loads but registers no class' : some([...classes].sort(), 20);
}
