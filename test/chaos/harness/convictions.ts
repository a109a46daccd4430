/**
 * Whether a conviction was just, by what the jobs themselves have told the side Redis: three processes died with the job
 * in flight, and the last of them, in quarantine, ran nothing else. A kill from outside cannot be told from a job that kills its process,
 * so under random kills some innocent jobs must end so; but no other.
 */
import type { Failure } from './places.js';

/** What a process has told, in order: `+7` job 7 began, `-7` it is about to end. */
export type Life = readonly string[];

/** By pid. */
export type Lives = ReadonlyMap<number, Life>;

/**
 * just: as the entry says. edge: the same, but for a kill in the moment in which the job began or ended, of which the
 * daemon and the job have said different things.
 */
type Conviction = 'just' | 'edge' | { readonly fault: string };

interface Death {
  readonly pid: number;
  /** Its supervisor saw it; else nobody can know whether the job had begun. */
  readonly seen: boolean;
}

export interface Justice {
  readonly convicted: number;
  readonly edge: number;
  readonly faults: readonly string[];
}

/**
 * Every entry in `failed` has to be explained.
 * @param culprits classes that may fail, for whatever reason
 */
export function judgeFailed(failed: readonly Failure[], lives: Lives, culprits: ReadonlySet<string>): Justice {
  const convicted = failed.filter(({ exception }) => exception === 'PoisonPillError');
  const others = failed.filter((entry) => !convicted.includes(entry) && !culprits.has(entry.class));
  const faults = others.map(({ id, exception, error }) => `${id} failed: ${exception}: ${error}`);
  let edge = 0;
  for (const entry of convicted) {
    const conviction = judgeConviction(entry, lives);
    if (conviction === 'edge') edge += 1;
    else if (conviction !== 'just') faults.push(`${entry.id} was convicted, but ${conviction.fault}: ${entry.error}`);
  }
  // A moment: more of them are no coincidence.
  if (edge > 1 + convicted.length / 5) faults.push(`${edge} of ${convicted.length} were convicted on the edge`);
  return { convicted: convicted.length, edge, faults };
}

function judgeConviction({ id, error }: Failure, lives: Lives): Conviction {
  const deaths = deathsIn(error);
  if (new Set(deaths.map(({ pid }) => pid)).size !== 3) return { fault: 'not by three processes' };
  if (!error.includes('in quarantine')) return { fault: 'not in quarantine' };
  const last = lives.get(deaths[2].pid) ?? [];
  const beside = [...openAtEnd(last)].filter((other) => other !== id);
  if (beside.length > 0) return { fault: `${beside.join(', ')} ran beside it at last` };
  // Before it was in quarantine nobody told whether it had begun.
  const ran = !deaths[2].seen || ranAtEnd(id, last);
  if (ran === false) return { fault: 'it had ended, and another ran, when the last process died' };
  return ran === 'edge' ? 'edge' : 'just';
}

/** `… while they ran this job (a.ts:1, b.ts:2(expired), a.ts:3), the last of them in quarantine …` */
function deathsIn(error: string): Death[] {
  const list = /this job \((.*)\)(, the last|: worker)/.exec(error)?.[1] ?? '';
  return list.split(', ').flatMap((name) => {
    const found = /:(\d+)(\(\w+\))?$/.exec(name);
    return found === null ? [] : [{ pid: Number(found[1]), seen: found[2] === undefined }];
  });
}

function ranAtEnd(id: number, life: Life): boolean | 'edge' {
  if (openAtEnd(life).has(id)) return true;
  const said = life.lastIndexOf(`-${id}`);
  // It had not come to its first line, or to what follows its last.
  return life.slice(said + 1).some((event) => event.startsWith('+')) && said >= 0 ? false : 'edge';
}

function openAtEnd(life: Life): Set<number> {
  const open = new Set<number>();
  for (const event of life) {
    if (event.startsWith('+')) open.add(Number(event.slice(1)));
    else open.delete(Number(event.slice(1)));
  }
  return open;
}
