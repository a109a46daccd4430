/**
 * Masks values in a JSON text, at any depth, without decoding and encoding the rest: every digit stays as the producer wrote
 * it. Pure. Knows which value it looks at by its path, and not what is secret.
 */
import { MASK } from '../../inspect/secrets.js';

/** The keys and indexes that lead to a value; of a longer way the last {@link LONGEST_PATH}. */
export type Path = readonly (string | number)[];

const LONGEST_PATH = 5;

export interface JsonMasks {
  /** The whole value there is masked. */
  hides(path: Path): boolean;
  /** A text that is a value, or a key, as it may be shown. */
  text(value: string): string;
  /** Called with every value that was masked, as JSON text. */
  hidden?(json: string): void;
}

const TOKEN = /\s+|[{}[\]:,]|"|[^\s{}[\]:,"]+/g;

interface Level {
  readonly isArray: boolean;
  /** The key or index of the value that comes next. */
  at: string | number;
  /** Objects: a key comes next. */
  wantsKey: boolean;
}

/** All of a valid JSON text, blanks too. By an expression alone, a text of some megabytes would be too long. */
export function* tokensOf(json: string): Generator<string> {
  const token = new RegExp(TOKEN);
  for (let found = token.exec(json); found !== null; found = token.exec(json)) {
    if (found[0] === '"') token.lastIndex = textEnd(json, found.index);
    yield json.slice(found.index, token.lastIndex);
  }
}

/** Behind the closing quote of the text that begins at `from`. */
function textEnd(json: string, from: number): number {
  for (let at = json.indexOf('"', from + 1); at !== -1; at = json.indexOf('"', at + 1)) {
    let first = at;
    while (json[first - 1] === '\\') first--;
    if ((at - first) % 2 === 0) return at + 1;
  }
  return json.length;
}

/** @param json valid JSON */
export function maskJson(json: string, masks: JsonMasks): string {
  return new Masker(masks).mask(json);
}

class Masker {
  readonly #masks: JsonMasks;
  readonly #levels: Level[] = [];
  readonly #parts: string[] = [];
  /** How deep the walk is within a masked value. */
  #depth = 0;
  #hidden: string[] = [];

  constructor(masks: JsonMasks) {
    this.#masks = masks;
  }

  mask(json: string): string {
    for (const token of tokensOf(json)) this.#take(token);
    return this.#parts.join('');
  }

  #take(token: string): void {
    const level = this.#levels.at(-1);
    if (this.#depth > 0) this.#takeHidden(token);
    else if (/^\s/.test(token) || token === ':') this.#parts.push(token);
    else if (token === ',') this.#next(level as Level);
    else if (token === '}' || token === ']') {
      this.#levels.pop();
      this.#parts.push(token);
    } else if (level?.wantsKey === true) this.#takeKey(level, token);
    else this.#takeValue(token);
  }

  #next(level: Level): void {
    if (level.isArray) level.at = (level.at as number) + 1;
    else level.wantsKey = true;
    this.#parts.push(',');
  }

  #takeKey(level: Level, token: string): void {
    level.at = JSON.parse(token) as string;
    level.wantsKey = false;
    this.#parts.push(this.#shown(token));
  }

  #takeValue(token: string): void {
    const opens = token === '{' || token === '[';
    if (this.#masks.hides(this.#levels.slice(-LONGEST_PATH).map(({ at }) => at))) {
      this.#parts.push(JSON.stringify(MASK));
      this.#hidden = [token];
      if (opens) this.#depth = 1;
      else this.#reportHidden();
      return;
    }
    this.#parts.push(token.startsWith('"') ? this.#shown(token) : token);
    if (opens) this.#levels.push({ isArray: token === '[', at: token === '[' ? 0 : '', wantsKey: token === '{' });
  }

  #takeHidden(token: string): void {
    this.#hidden.push(token);
    if (token === '{' || token === '[') this.#depth++;
    else if ((token === '}' || token === ']') && --this.#depth === 0) this.#reportHidden();
  }

  #reportHidden(): void {
    this.#masks.hidden?.(this.#hidden.join(''));
    this.#hidden = [];
  }

  #shown(token: string): string {
    const value = JSON.parse(token) as string;
    const shown = this.#masks.text(value);
    return shown === value ? token : JSON.stringify(shown);
  }
}
