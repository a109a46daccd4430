import type { View } from '../routes/page.js';

/** A button that does something: a form of its own, so that it needs no script. */
export function Post(props: {
  readonly action: string;
  readonly fields: Readonly<Record<string, string | undefined>>;
  /** Where its text alone does not say to what. */
  readonly label?: string;
  readonly children: string;
}): View {
  const { action, fields, label, children } = props;
  return (
    <form method="post" action={action} class="inline">
      {Object.entries(fields).map(([name, value]) =>
        value === undefined ? null : <input type="hidden" name={name} value={value} />,
      )}
      <button type="submit" aria-label={label}>
        {children}
      </button>
    </form>
  );
}
