import { link, type View } from '../routes/page.js';

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
    <form method="post" action={link(action)} class="inline">
      {Object.entries(fields).map(([name, value]) =>
        value === undefined ? null : <input type="hidden" name={name} value={value} />,
      )}
      <button type="submit" aria-label={label}>
        {children}
      </button>
    </form>
  );
}

/** The page of failures with the filter from which somebody came, as {@link link} makes its address. */
export function queryOf(back: string | null | undefined): Readonly<Record<string, string>> {
  const [, query = ''] = /^failed\?(.*)$/s.exec(back ?? '') ?? [];
  return Object.fromEntries(new URLSearchParams(query));
}
