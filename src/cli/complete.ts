/**
 * What may come next on a command line, for a shell that completes it: read from the table of commands and the schema,
 * so that it is never wrong. Pure; knows no shell, and asks neither Redis nor a file.
 */

import { CONFIG_FLAG, SCHEMA } from '../config/settings-table.js';
import type { Kind } from '../config/value-parsers.js';
import { glanceArgv } from './argv.js';
import type { Command, Verb } from './command.js';
import { COMMANDS, DEFAULT_COMMAND, findCommand } from './commands.js';
import { specsOf } from './flags.js';
import { commandWord } from './words.js';

export interface Candidate {
  /** The whole word. */
  readonly text: string;
  readonly about: string;
  /** More belongs to this word: a value. */
  readonly open?: boolean;
}

export interface Completion {
  readonly candidates: readonly Candidate[];
  /** The shell offers these itself, behind what stands before the value. */
  readonly paths: 'files' | 'folders' | 'none';
}

const NOTHING: Completion = { candidates: [], paths: 'none' };

/** A flag as it is offered. */
interface Offer {
  readonly kind: Pick<Kind<unknown>, 'placeholder' | 'choices'>;
  readonly about: string;
}

/** @param words those behind `tsworker`; the last is the one that is being typed, perhaps empty */
export function complete(words: readonly string[]): Completion {
  const before = words.slice(0, -1);
  const current = words.at(-1) ?? '';
  const known = specsOf(...COMMANDS);
  const glance = glanceArgv(before, known);
  const name = commandWord(glance, known, specsOf(DEFAULT_COMMAND));
  const command = name === undefined ? DEFAULT_COMMAND : findCommand(name);
  const behind = name === undefined ? [] : glance.words.slice(glance.words.indexOf(name) + 1);
  if (name === 'help') return behind.length === 0 ? startingWith(current, commandNames()) : NOTHING;
  if (command === undefined) return NOTHING;
  const offers = offersOf(command, command.verbs?.[behind[0]]);
  const asked = valueAsked(before, offers);
  if (asked !== undefined) return valuesOf(asked, '', current);
  if (current.startsWith('-')) return flagsOrValue(current, offers);
  if (name === undefined)
    return startingWith(current, [...commandNames(), { text: 'help', about: 'say more about one' }]);
  return wordsOf(command, behind, current);
}

function commandNames(): Candidate[] {
  return COMMANDS.map(({ name, help }) => ({ text: name, about: help }));
}

function startingWith(current: string, candidates: readonly Candidate[]): Completion {
  return { candidates: candidates.filter(({ text }) => text.startsWith(current)), paths: 'none' };
}

/** By name, without dashes. */
function offersOf(command: Command, verb: Verb | undefined): ReadonlyMap<string, Offer> {
  const offers = new Map<string, Offer>();
  for (const [name, { kind, help }] of Object.entries(command.flags))
    if (verb?.flags?.includes(name) !== false) offers.set(name, { kind, about: help });
  for (const { flag, kind, help } of command.settings.map((key) => SCHEMA[key]))
    offers.set(flag, { kind, about: help });
  const { flag, placeholder, help } = CONFIG_FLAG;
  if (command.settings.length > 0) offers.set(flag, { kind: { placeholder }, about: help });
  return offers.set('help', { kind: { placeholder: '' }, about: 'how it is typed' });
}

/** The flag right before the cursor that takes the next word as its value. */
function valueAsked(before: readonly string[], offers: ReadonlyMap<string, Offer>): Offer | undefined {
  for (let at = 0; at < before.length; at++) {
    const name = /^--?([^=]+)$/.exec(before[at])?.[1];
    const offer = name === undefined ? undefined : offers.get(name);
    if (offer === undefined || offer.kind.placeholder === '') continue;
    at++;
    if (at === before.length) return offer;
  }
  return undefined;
}

function flagsOrValue(current: string, offers: ReadonlyMap<string, Offer>): Completion {
  if (current.includes('=')) return valueBehind(current, offers);
  const dashes = current.startsWith('--') ? '--' : '-';
  const flags = [...offers].map(([flag, { kind, about }]): Candidate => {
    const text = `${dashes}${flag}`;
    return kind.placeholder === '' ? { text, about } : { text: `${text}=`, about, open: true };
  });
  return startingWith(current, flags);
}

/** `-flag=va`. */
function valueBehind(current: string, offers: ReadonlyMap<string, Offer>): Completion {
  const at = current.indexOf('=');
  const offer = offers.get(current.slice(0, at).replace(/^--?/, ''));
  return offer === undefined ? NOTHING : valuesOf(offer, current.slice(0, at + 1), current.slice(at + 1));
}

function valuesOf({ kind, about }: Offer, head: string, typed: string): Completion {
  const { placeholder, choices = [] } = kind;
  if (placeholder === 'file') return { candidates: [], paths: 'files' };
  if (placeholder === 'path') return { candidates: [], paths: 'folders' };
  const fitting = choices.filter((choice) => choice.startsWith(typed));
  return { candidates: fitting.map((choice) => ({ text: `${head}${choice}`, about })), paths: 'none' };
}

/** Sub-commands, or the word that stands at this place in the row: of those the shell knows folders and files. */
function wordsOf({ verbs, words = '' }: Command, behind: readonly string[], current: string): Completion {
  if (verbs !== undefined && behind.length === 0)
    return startingWith(
      current,
      Object.entries(verbs).map(([text, { help }]) => ({ text, about: help })),
    );
  const places = (verbs === undefined ? words : (verbs[behind[0]]?.words ?? '')).split(' ');
  const place = places[verbs === undefined ? behind.length : behind.length - 1] ?? '';
  if (/folder/.test(place)) return { candidates: [], paths: 'folders' };
  return /file/.test(place) ? { candidates: [], paths: 'files' } : NOTHING;
}
