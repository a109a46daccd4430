/** Colours where the terminal takes them, and text from outside made fit for a terminal. Knows no command. */
import { styleText } from 'node:util';
import type { Io } from './io.js';

export type Paint = (text: string) => string;
export type Style = Readonly<Record<'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan', Paint>>;

/** Paints nothing where no colours are wanted. */
export function styleOf({ colour }: Pick<Io, 'colour'>): Style {
  const paint =
    (format: keyof Style): Paint =>
    (text) =>
      // Whether to paint at all is decided here: newer versions of Node would look at standard output once more.
      colour && text !== '' ? styleText(format, text, { validateStream: false }) : text;
  return {
    bold: paint('bold'),
    dim: paint('dim'),
    red: paint('red'),
    green: paint('green'),
    yellow: paint('yellow'),
    cyan: paint('cyan'),
  };
}

/**
 * One line that does nothing to a terminal: what a payload or an error message holds must neither break a table nor move
 * the cursor. Orders become pictures of themselves, `␛`.
 */
export function harmless(text: string): string {
  return text
    .replace(/\s*[\r\n]\s*/g, ' ')
    .replaceAll('\t', ' ')
    .replace(/\p{Cc}/gu, (order) => (order < ' ' ? String.fromCodePoint(0x2400 + order.charCodeAt(0)) : '\ufffd'))
    .replace(/\p{Bidi_Control}/gu, '\ufffd');
}
