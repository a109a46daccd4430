/** Forms that act: one button each, shown only to those who may. */
import type { Child } from 'hono/jsx';
import type { ActionName } from '../guard/roles.js';
import type { Ask, View } from '../routes/page.js';

interface ActProps {
  readonly ask: Pick<Ask, 'may'>;
  readonly action: ActionName;
  /** What it is done to. */
  readonly fields: Readonly<Record<string, string>>;
  readonly children: Child;
  /** What it is done to, for those who hear the button alone. */
  readonly label?: string;
  /** The key that presses it. */
  readonly shortcut?: string;
  readonly isDangerous?: boolean;
}

export function Act({ ask, action, fields, children, label, shortcut, isDangerous }: ActProps): View | null {
  if (!ask.may(action)) return null;
  return (
    <form method="post" action={action} class="inline">
      {Object.entries(fields).map(([name, value]) => (
        <input type="hidden" name={name} value={value} />
      ))}
      <button type="submit" aria-label={label} data-key={shortcut} class={isDangerous ? 'danger' : undefined}>
        {children}
      </button>
    </form>
  );
}

interface ChosenProps {
  readonly ask: Pick<Ask, 'may'>;
  readonly action: ActionName;
  readonly children: Child;
  readonly shortcut?: string;
  readonly isDangerous?: boolean;
}

/** A button of a form around a table: it acts on the rows that are chosen. */
export function OnChosen({ ask, action, children, shortcut, isDangerous }: ChosenProps): View | null {
  if (!ask.may(action)) return null;
  return (
    <button type="submit" formaction={action} data-key={shortcut} class={isDangerous ? 'danger' : undefined}>
      {children}
    </button>
  );
}

/** In the first column. */
export function RowBox({
  name,
  value,
  label,
}: {
  readonly name: string;
  readonly value: string;
  readonly label: string;
}): View {
  return <input type="checkbox" name={name} value={value} aria-label={label} data-row="" />;
}

/** In the heading; without scripts it could do nothing. */
export function AllBox(): View {
  return <input type="checkbox" data-all="" hidden={true} data-keep="" aria-label="Choose all rows" />;
}
