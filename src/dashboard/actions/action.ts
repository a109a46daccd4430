/** What an action is: a form that is posted, checked, perhaps confirmed, done once, and told of. Knows no action. */
import type { ActionName } from '../guard/roles.js';
import type { Ask, View } from '../routes/page.js';

/** What came of it. */
export type Outcome =
  | {
      readonly kind: 'done';
      /** Where the browser goes then: a relative address. */
      readonly to: string;
      /** One sentence for people; undefined: there is nothing to say. */
      readonly note: string | undefined;
      /** For machines, and for the audit. */
      readonly result: Readonly<Record<string, unknown>>;
      /** For the browser. */
      readonly cookie?: string;
    }
  /** It was not agreed to yet: a page that says what would happen, with a form that agrees. Changes nothing. */
  | { readonly kind: 'confirm'; readonly title: string; readonly view: View; readonly preview: unknown }
  /** It shows something that is not for everybody: a page, and for the audit what it was. */
  | {
      readonly kind: 'page';
      readonly title: string;
      readonly view: View;
      readonly result: Readonly<Record<string, unknown>>;
      readonly json: unknown;
    }
  /** It goes on in the background, as this operation. */
  | { readonly kind: 'started'; readonly operation: string; readonly to: string };

export interface Action {
  readonly name: ActionName;
  /** What it is done to, for the audit; undefined: it changes nothing but the browser, and is not audited. */
  target(form: URLSearchParams): string | undefined;
  /** @throws HttpError where it cannot be done as things are */
  run(ask: Ask, form: URLSearchParams): Promise<Outcome>;
}

/** The field by which a form says that its user has seen what will happen. */
export const AGREED = 'agreed';

export function isAgreed(form: URLSearchParams): boolean {
  return form.get(AGREED) === 'yes';
}
