/** Parses the arguments of a job. */
import type { Kind } from '../../../config/value-parsers.js';
import { TsworkerError } from '../../../errors.js';

/** A JSON array; kept as text, since its integers may be larger than a JavaScript number can hold. */
export const jsonArray: Kind<string> = {
  placeholder: 'json',
  parse(value) {
    const typed = String(value);
    try {
      if (Array.isArray(JSON.parse(typed))) return typed;
    } catch {}
    throw new TsworkerError('USAGE', `must be a JSON array, such as [7,"a"], not ${JSON.stringify(value)}`);
  },
};
