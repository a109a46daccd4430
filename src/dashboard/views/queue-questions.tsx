import type { View } from '../routes/page.js';

export function MoveQuestion({ to, names }: { readonly to: string; readonly names: readonly string[] }): View {
  return (
    <>
      <p>In their order, to the tail of the other queue. What is pushed from now on stays.</p>
      <p>
        <label>
          To queue <input name="to" value={to} list="queue-names" required={true} maxlength={500} />
        </label>
      </p>
      <datalist id="queue-names">
        {names.map((name) => (
          <option value={name} />
        ))}
      </datalist>
    </>
  );
}

export function PurgeQuestion(): View {
  return <p>They are gone then: nobody runs them, and nothing keeps them. What is pushed from now on stays.</p>;
}

export function RemoveQuestion({ what, typed }: { readonly what: string; readonly typed?: string }): View {
  return (
    <>
      <p>{what}</p>
      {typed === undefined ? null : (
        <p>
          <label>
            Type its name, <b>{typed}</b>, to agree{' '}
            <input name="typed" required={true} autocomplete="off" spellcheck={false} />
          </label>
        </p>
      )}
    </>
  );
}
