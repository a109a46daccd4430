import { counted } from '../../format.js';
import { FailedEntry } from '../../inspect/failed/entry.js';
import type { Listed } from '../../inspect/failed/list.js';
import { nameOf } from '../failures/named.js';
import { type Ask, link, type View } from '../routes/page.js';
import { Cli, Table, Text } from './parts.js';
import { queryOf } from './post.js';

const ENTRIES_SHOWN = 50;

interface Props {
  readonly ask: Ask;
  readonly entries: readonly Listed[];
  readonly action: 'retry' | 'remove';
  /** As it was sent. */
  readonly form: URLSearchParams;
}

export function ConfirmNamed({ ask, entries, action, form }: Props): View {
  const { redactor } = ask.dashboard.failures;
  const verb = action === 'retry' ? 'Retry' : 'Remove';
  const back = form.get('back') ?? '';
  const names = entries.map(nameOf);
  return (
    <>
      <h1>
        {verb} {counted(entries.length, 'job')}?
      </h1>
      <Table
        caption="These failures"
        rows={entries.slice(0, ENTRIES_SHOWN)}
        id={(listed) => `entry-${listed.n}`}
        empty=""
        columns={[
          { head: 'N', number: true, cell: ({ n }) => String(n) },
          {
            head: 'Failure',
            rowHead: true,
            cell: ({ raw }) => {
              const entry = new FailedEntry(raw);
              const { exception, error } = redactor.failure(entry);
              return <Text>{`${entry.class || 'unreadable'} ${exception} ${error.split('\n', 1)[0]}`}</Text>;
            },
          },
          { head: 'Queue', cell: ({ raw }) => <Text>{new FailedEntry(raw).queue || '-'}</Text> },
        ]}
      />
      {entries.length > ENTRIES_SHOWN ? <p>and {counted(entries.length - ENTRIES_SHOWN, 'job')} more.</p> : null}
      <p>{action === 'remove' ? 'It can be undone for an hour.' : 'A retry cannot be undone.'}</p>
      <form method="post" action={link(action)} class="confirm">
        {names.map((name) => (
          <input type="hidden" name="entry" value={name} />
        ))}
        <input type="hidden" name="agreed" value="yes" />
        <input type="hidden" name="back" value={back} />
        {form.get('to') === null ? null : <input type="hidden" name="to" value={form.get('to') ?? ''} />}
        <p class="actions">
          <button type="submit" class={action === 'retry' ? 'primary' : 'danger'}>
            {`${verb} ${entries.length}`}
          </button>
          <a href={link('failed', queryOf(back))}>No</a>
        </p>
      </form>
      {names.length > 20 ? null : (
        <p class="source">
          <Cli>{`tsworker failed ${action} ${names.map((name) => name.slice(0, name.indexOf('@') + 8)).join(' ')}`}</Cli>
        </p>
      )}
    </>
  );
}
