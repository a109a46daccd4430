/** Job modules: which there are, what each registers, which do not load. Runs none of their jobs and hooks. */

import type { SelfImport } from '../job-modules/import.js';
import { type JobModules, loadJobs } from '../job-modules/load.js';
import { type Finding, findingOf, good, some, warning } from './finding.js';

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
  return classes.length === 0 ? 'loads, and registers no class' : some([...classes].sort(), 20);
}
