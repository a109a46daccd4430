/** `tsworker check`: prints the findings of src/check. */
import { runCheck } from '../../../check/check.js';
import type { Finding, Level, Section } from '../../../check/finding.js';
import { counted } from '../../../format.js';
import { harmless } from '../../../terminal-text.js';
import { type Call, EXIT } from '../../command.js';
import { printDocument } from '../../json.js';
import { type Style, styleOf } from '../../style.js';
import type { CheckFlags } from './definition.js';

const SIGNS: Readonly<Record<Level, readonly [sign: string, colour: 'green' | 'yellow' | 'red']>> = {
  good: ['✓', 'green'],
  warning: ['!', 'yellow'],
  bad: ['✗', 'red'],
};

export async function check({ sources, problem, flags, io }: Call<CheckFlags>): Promise<number> {
  const self = () => import('../../../index.js');
  const sections = await runCheck({ sources, self, flagsProblem: problem });
  const numbers = { warnings: count(sections, 'warning'), bad: count(sections, 'bad') };
  if (flags.json) printDocument(io, { ok: numbers.bad === 0, ...numbers, sections });
  else
    io.out(`${sections.map((section) => shown(section, styleOf(io))).join('\n')}\n${verdict(numbers, styleOf(io))}\n`);
  return numbers.bad === 0 ? EXIT.fine : EXIT.problem;
}

function count(sections: readonly Section[], level: Level): number {
  return sections.flatMap(({ findings }) => findings).filter((finding) => finding.level === level).length;
}

function shown({ name, findings }: Section, style: Style): string {
  return `${style.bold(name)}\n${findings.map((finding) => line(finding, style)).join('')}`;
}

/** The remedy goes below, on a line of its own. */
function line({ level, text, hint }: Finding, style: Style): string {
  const [sign, colour] = SIGNS[level];
  const below = hint === undefined ? '' : `    ${style.dim(harmless(hint))}\n`;
  return `  ${style[colour](sign)} ${harmless(text)}\n${below}`;
}

function verdict({ warnings, bad }: { readonly warnings: number; readonly bad: number }, style: Style): string {
  if (bad > 0) return style.red(`${counted(bad, 'problem')}, ${counted(warnings, 'warning')}`);
  return warnings > 0 ? style.yellow(`no problem, ${counted(warnings, 'warning')}`) : style.green('all is well');
}
