import { count, counted } from '../../format.js';
import { type FailureFilter, filterFields, filterFlags } from '../failures/filter.js';
import { type Ask, link, type View } from '../routes/page.js';
import { Cli, Table, Text } from './parts.js';
import { queryOf } from './post.js';

/** What would happen, and to what it is bounded. */
export interface AllPreview {
  readonly kind: 'retry' | 'remove';
  readonly title: string;
  readonly filter: FailureFilter;
  readonly jobs: number;
  /** Retry: resque-web has retried them, and left them in the list. */
  readonly left: number;
  readonly queues: readonly { readonly name: string; readonly jobs: number; readonly workers: number | undefined }[];
  /** Names the newest entries that were there. */
  readonly upTo: string;
  /** Removal: what is removed can be brought back for an hour. */
  readonly keeps: boolean;
}

const QUEUES_SHOWN = 20;

interface Props {
  readonly ask: Ask;
  readonly preview: AllPreview;
  readonly back: string | undefined;
}

export function ConfirmAll({ ask, preview, back }: Props): View {
  const { kind, title, jobs, left, filter, upTo, keeps } = preview;
  const verb = kind === 'retry' ? 'Retry' : 'Remove';
  return (
    <>
      <h1>
        {verb} {counted(jobs, 'job')}?
      </h1>
      <p>
        <b>
          <Text most={300}>{title}</Text>
        </b>
      </p>
      <Queues preview={preview} />
      {left === 0 ? null : <p>{count(left)} more are left: resque-web has retried them already.</p>}
      <p>What fails from now on is not touched. {consequence(preview)}</p>
      <form method="post" action={link(`${kind}-all`)} class="confirm">
        {Object.entries({ ...filterFields(filter), jobs: String(jobs), upto: upTo, agreed: 'yes' }).map(
          ([name, value]) => (
            <input type="hidden" name={name} value={value} />
          ),
        )}
        {keeps ? <input type="hidden" name="keeps" value="yes" /> : null}
        {kind === 'retry' ? <RetryOptions ask={ask} /> : null}
        {kind === 'remove' && !keeps ? (
          <label>
            Type {String(jobs)} to remove them permanently{' '}
            <input name="typed" inputmode="numeric" autocomplete="off" required={true} pattern={String(jobs)} />
          </label>
        ) : null}
        <p class="actions">
          <button type="submit" class={kind === 'retry' ? 'primary' : 'danger'}>
            {`${verb} ${count(jobs)}`}
          </button>
          <a href={link('failed', back === undefined ? filterFields(filter) : queryOf(back))}>No</a>
        </p>
      </form>
      <Command preview={preview} />
    </>
  );
}

function consequence({ kind, keeps }: AllPreview): string {
  if (kind === 'retry') return 'A retry cannot be undone: try one first.';
  return keeps
    ? 'It can be undone for an hour.'
    : 'It cannot be undone: there are too many to be kept, or Redis is nearly full.';
}

function Queues({ preview: { kind, queues } }: { readonly preview: AllPreview }): View | null {
  if (kind === 'remove') return null;
  return (
    <Table
      caption="Where they go"
      rows={queues.slice(0, QUEUES_SHOWN)}
      id={({ name }) => `to-${Buffer.from(name).toString('hex').slice(0, 100)}`}
      empty=""
      columns={[
        {
          head: 'Queue',
          rowHead: true,
          cell: ({ name }) => (name === '' ? 'none: they cannot be retried' : <Text>{name}</Text>),
        },
        { head: 'Jobs', number: true, cell: ({ jobs }) => count(jobs) },
        {
          head: 'Workers',
          number: true,
          cell: ({ workers }) =>
            workers === 0 ? (
              <span class="state lost">nobody works it</span>
            ) : workers === undefined ? (
              '…'
            ) : (
              count(workers)
            ),
        },
      ]}
    />
  );
}

function RetryOptions({ ask }: { readonly ask: Ask }): View {
  const queues = (ask.snapshot.queues?.rows ?? []).slice(0, 500);
  return (
    <>
      <fieldset>
        <legend>How fast</legend>
        {(
          [
            ['', 'at once'],
            ['1000', '1,000 a second'],
            ['100', '100 a second'],
            ['10', '10 a second'],
            ['1', '1 a second'],
          ] as const
        ).map(([value, text], i) => (
          <label>
            <input type="radio" name="rate" value={value} checked={i === 0} /> {text}{' '}
          </label>
        ))}
      </fieldset>
      <label>
        To queue{' '}
        <select name="to">
          <option value="">where each came from</option>
          {queues.map(({ name }) => (
            <option value={name}>{name}</option>
          ))}
        </select>
      </label>
    </>
  );
}

function Command({ preview: { kind, filter } }: { readonly preview: AllPreview }): View | null {
  const flags = filterFlags(filter);
  if (flags === undefined) return null;
  const verb =
    kind === 'retry' ? `retry ${flags === '' ? '--all' : flags}` : flags === '' ? 'clear' : `remove ${flags}`;
  return (
    <p class="source">
      <Cli>{`tsworker failed ${verb}`}</Cli>
    </p>
  );
}
