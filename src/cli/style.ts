/** Colours, if the terminal supports them. */
import { styleText } from 'node:util';
import type { Io } from './io.js';

export type Paint = (text: string) => string;
export type Style = Readonly<Record<'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan', Paint>>;

/** Returns the text unchanged without colours. */
export function styleOf({ colour }: Pick<Io, 'colour'>): Style {
  const paint =
    (format: keyof Style): Paint =>
    (text) =>
      // Whether to use colours is decided here: newer versions of Node would check standard output again.
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
