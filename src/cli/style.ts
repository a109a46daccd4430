/** Colours where the terminal takes them. Knows no command. */
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
