/** What would happen, and a form that agrees to it. A page of its own: no redraw can lose it. */
import type { Child } from 'hono/jsx';
import type { ActionName } from '../guard/roles.js';
import type { View } from '../routes/page.js';
import { Cli } from './parts.js';

interface ConfirmProps {
  readonly title: string;
  /** The action that the form is sent to. */
  readonly action: ActionName;
  /** What was chosen, sent again. */
  readonly form: URLSearchParams;
  readonly button: string;
  readonly isDangerous?: boolean;
  readonly back: string;
  readonly cli?: string | undefined;
  readonly children: Child;
}

export function ConfirmView({ title, action, form, button, isDangerous, back, cli, children }: ConfirmProps): View {
  const fields = [...form].filter(([name]) => name !== 'agreed');
  return (
    <>
      <h1>{title}</h1>
      <form method="post" action={action} class="confirm">
        {fields.map(([name, value]) => (
          <input type="hidden" name={name} value={value} />
        ))}
        {children}
        <p class="actions">
          <button type="submit" name="agreed" value="yes" class={isDangerous === false ? 'primary' : 'danger'}>
            {button}
          </button>
          <a href={back}>No, go back</a>
        </p>
      </form>
      {cli === undefined ? null : (
        <p class="source">
          On the command line: <Cli>{cli}</Cli>
        </p>
      )}
    </>
  );
}
