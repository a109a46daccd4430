/**
 * Formats a JSON line of pino for people: time, level, message and fields on one line, an error in a few lines below it.
 * Pure.
 */
import { styleText } from 'node:util';
import { harmless } from '../terminal-text.js';

export interface PrettyOptions {
  readonly colour: boolean;
  /** If one line would be longer, the fields go to a second one. */
  readonly columns: number;
}

type Fields = Readonly<Record<string, unknown>>;
type Colour = Parameters<typeof styleText>[0];

const LEVELS: Readonly<Record<number, readonly [name: string, colour: Colour]>> = {
  10: ['TRACE', 'dim'],
  20: ['DEBUG', 'dim'],
  30: ['INFO', 'green'],
  40: ['WARN', 'yellow'],
  50: ['ERROR', 'red'],
  60: ['FATAL', 'red'],
};
/** Fields of pino itself, and those shown elsewhere in the line. */
const NO_FIELDS = new Set(['time', 'level', 'pid', 'hostname', 'name', 'msg', 'err']);
const INDENT = ' '.repeat(19);
const MOST_VALUE = 120;
const MOST_FRAMES = 3;

export function pretty(line: string, { colour, columns }: PrettyOptions): string {
  const entry = parse(line);
  if (entry === undefined) return line;
  const paint = (format: Colour, text: string) => (colour ? styleText(format, text, { validateStream: false }) : text);
  const [level, levelColour] = LEVELS[Number(entry.level)] ?? [String(entry.level), 'dim'];
  const time = paint('dim', clockOf(entry.time));
  const [first, ...more] = String(entry.msg ?? '').split('\n');
  const head = `${time} ${paint(levelColour, level.padEnd(5))} ${harmless(first)}`;
  const fields = fieldsOf(entry).map((text) => paint('dim', text));
  const lines = [
    ...more.map(harmless),
    // Lengths are those of the text without colours.
    ...errorLines(entry.err).map((text, i) => (i === 0 ? paint('red', text) : paint('dim', text))),
  ];
  const length = INDENT.length + harmless(first).length;
  return `${withFields(head, length, fields, fieldsOf(entry), columns)}\n${lines.map((text) => `${INDENT}${text}\n`).join('')}`;
}

function parse(line: string): Fields | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? (value as Fields) : undefined;
  } catch {
    return undefined;
  }
}

/** In the time zone of this machine. */
function clockOf(time: unknown): string {
  const at = new Date(typeof time === 'number' || typeof time === 'string' ? time : Number.NaN);
  if (Number.isNaN(at.getTime())) return '--:--:--.---';
  const two = (number: number, digits = 2) => String(number).padStart(digits, '0');
  return `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}.${two(at.getMilliseconds(), 3)}`;
}

/** `queue=mail`, `ms=12` */
function fieldsOf(entry: Fields): string[] {
  return Object.entries(entry).flatMap(([name, value]) =>
    NO_FIELDS.has(name) || value === undefined || value === null ? [] : [`${harmless(name)}=${valueText(value)}`],
  );
}

function valueText(value: unknown): string {
  const text =
    Array.isArray(value) && value.every(isPlain)
      ? value.join(',')
      : isPlain(value)
        ? String(value)
        : JSON.stringify(value);
  const whole = harmless(text.slice(0, MOST_VALUE * 4));
  const short = whole.length > MOST_VALUE ? `${whole.slice(0, MOST_VALUE - 1)}…` : whole;
  return short === '' || /[\s"]/.test(short) ? `'${short}'` : short;
}

function isPlain(value: unknown): boolean {
  return typeof value !== 'object' || value === null;
}

/** An error and its place, in at most four lines. */
function errorLines(err: unknown): string[] {
  if (typeof err !== 'object' || err === null) return err === undefined ? [] : [harmless(String(err))];
  const { type, message, stack } = err as Fields;
  const [text] = String(message ?? '').split('\n', 1);
  const title = [type, text].filter((part) => part !== undefined && part !== '').join(': ');
  const frames = String(stack ?? '')
    .split('\n')
    .filter((frame) => /^\s+at /.test(frame))
    .slice(0, MOST_FRAMES)
    .map((frame) => `  ${harmless(frame.trim())}`);
  return [harmless(title), ...frames];
}

/** In one line, or in two if the fields do not fit. */
function withFields(
  head: string,
  length: number,
  painted: readonly string[],
  plain: readonly string[],
  columns: number,
): string {
  let fits = 0;
  let room = columns - length - 2;
  while (fits < plain.length && plain[fits].length + 1 <= room) room -= plain[fits++].length + 1;
  const first = [head, ...(fits === 0 ? [] : [` ${painted.slice(0, fits).join(' ')}`])].join(' ');
  return fits === plain.length ? first : `${first}\n${INDENT}${painted.slice(fits).join(' ')}`;
}
