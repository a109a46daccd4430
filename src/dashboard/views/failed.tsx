import { count, duration } from '../../format.js';
import { FailedEntry, failureTime } from '../../inspect/failed/entry.js';
import type { Listed } from '../../inspect/failed/list.js';
import { type FailureFilter, filterFields, filterFlags, isFiltered, needsReading } from '../failures/filter.js';
import { nameOf } from '../failures/named.js';
import type { GroupSummary, Summary } from '../failures/summary.js';
import { type Ask, link, type View } from '../routes/page.js';
import { Ago, Cli, Table, Text, Time } from './parts.js';
import { Post } from './post.js';

export interface FailedModel {
  readonly filter: FailureFilter;
  /** The filter as the address has it: `24h` stays `24h`. */
  readonly query: Readonly<Record<string, string>>;
  readonly view: 'groups' | 'list';
  readonly total: number;
  /** How many of them the index knows. */
  readonly known: number;
  readonly problem: string | undefined;
  readonly readAt: number | undefined;
  /** Of all that match, but for worker and text. */
  readonly summary: Summary;
  readonly groups: readonly GroupSummary[];
  /** Page of groups. */
  readonly page: number;
  readonly entries: readonly Listed[];
  /** Entries: the N to go on with. */
  readonly next: number | undefined;
  /** Where the entries themselves were searched: how many were looked at. */
  readonly searched: number | undefined;
  /** By kind: of how many retried jobs how many failed again. */
  readonly comebacks: ReadonlyMap<string, Comeback>;
}

export interface Comeback {
  readonly retried: number;
  readonly back: number;
  readonly at: number;
}

interface Props {
  readonly model: FailedModel;
  readonly ask: Ask;
}

export function FailedView({ model, ask }: Props): View {
  const { view, query } = model;
  const other = view === 'groups' ? 'list' : 'groups';
  return (
    <>
      <h1>Failed</h1>
      <State model={model} />
      <Filters model={model} />
      <Facets model={model} />
      {needsReading(model.filter) ? null : (
        <p>
          <a href={link('failed', { ...query, view: other })}>
            {other === 'list' ? 'One by one' : 'By kind of failure'}
          </a>
        </p>
      )}
      {view === 'groups' ? <Groups model={model} ask={ask} /> : <List model={model} ask={ask} />}
      <AllMatching model={model} ask={ask} />
      <Source model={model} />
    </>
  );
}

function State({ model: { total, known, problem, readAt, summary, searched } }: { readonly model: FailedModel }): View {
  return (
    <>
      <p id="index-state">
        <b>{count(total)}</b> failed jobs.{' '}
        {known < total ? (
          <span class="state paused">
            Grouped {count(known)} of {count(total)}, the newest first: the rest is being read.
          </span>
        ) : null}{' '}
        {summary.matching < known ? `${count(summary.matching)} match.` : ''}
        {searched === undefined ? '' : ` Looked at ${count(searched)} entries.`}
      </p>
      {problem === undefined ? null : (
        <p class="problem" role="alert">
          The failed list could not be read: {problem}.{' '}
          {readAt === undefined ? null : (
            <>
              As of <Time at={readAt} />.
            </>
          )}
        </p>
      )}
    </>
  );
}

function Filters({ model: { query, view } }: { readonly model: FailedModel }): View {
  return (
    <form method="get" action="failed" class="filters">
      <label>
        Class <input name="class" value={query.class} maxlength={200} />
      </label>
      <label>
        Queue <input name="queue" value={query.queue} maxlength={200} />
      </label>
      <label>
        Worker <input name="worker" value={query.worker} maxlength={200} />
      </label>
      <label>
        Since{' '}
        <select name="since">
          {sinceChoices(query.since).map(([value, text]) => (
            <option value={value} selected={value === (query.since ?? '')}>
              {text}
            </option>
          ))}
        </select>
      </label>
      <label>
        Before (UTC){' '}
        <input name="before" type="text" value={query.before} placeholder="2026-11-24T10:30" maxlength={40} />
      </label>
      <label>
        Text <input name="text" value={query.text} data-search="" maxlength={200} />
      </label>
      {['kind', 'retried', 'unreadable'].map((name) =>
        query[name] === undefined ? null : <input type="hidden" name={name} value={query[name]} />,
      )}
      {view === 'list' ? <input type="hidden" name="view" value="list" /> : null}
      <button type="submit">Find</button>
      {Object.keys(query).length === 0 ? null : <a href="failed">All</a>}
    </form>
  );
}

function sinceChoices(chosen: string | undefined): readonly (readonly [string, string])[] {
  const usual = [
    ['', 'ever'],
    ['1h', '1 hour'],
    ['24h', '24 hours'],
    ['7d', '7 days'],
  ] as const;
  return chosen === undefined || usual.some(([value]) => value === chosen) ? usual : [...usual, [chosen, chosen]];
}

const FACETS_SHOWN = 8;

function Facets({ model: { summary, query, view } }: { readonly model: FailedModel }): View | null {
  if (summary.matching === 0) return null;
  const base = { ...query, view };
  const facet = (title: string, name: 'class' | 'queue', all: FailedModel['summary']['classes']) => {
    const named = all.filter((one) => one.name !== '');
    const some = named.slice(0, FACETS_SHOWN);
    return (
      <>
        {' '}
        <b>{title}</b>{' '}
        {some.map((one) => (
          <>
            <a href={link('failed', { ...base, [name]: one.name })}>
              <Text most={60}>{one.name}</Text>
            </a>{' '}
            <small>{count(one.count)}</small>{' '}
          </>
        ))}
        {named.length > some.length ? <small>and {count(named.length - some.length)} more</small> : null}
      </>
    );
  };
  return (
    <p class="facets">
      {facet('Class', 'class', summary.classes)}
      {facet('Queue', 'queue', summary.queues)}
      {summary.retried > 0 ? (
        <>
          {' '}
          <a href={link('failed', { ...base, retried: 'yes' })}>Retried in resque-web</a>{' '}
          <small>{count(summary.retried)}</small>
        </>
      ) : null}
      {summary.unreadable > 0 ? (
        <>
          {' '}
          <a href={link('failed', { ...base, unreadable: 'yes' })}>Unreadable</a>{' '}
          <small>{count(summary.unreadable)}</small>
        </>
      ) : null}
    </p>
  );
}

const EMPTY = (
  <>
    No job has failed. One that throws stands here, whichever program ran it: <code>tsworker failed list</code>
  </>
);

function Groups({ model, ask }: Props): View {
  const { groups, query, filter, summary, page, comebacks } = model;
  const { now } = ask;
  return (
    <>
      <Table
        caption="Kinds of failures, what fails most now first"
        rows={groups}
        id={({ kind }) => `kind-${kind}`}
        empty={isFiltered(filter) ? 'No failure matches.' : EMPTY}
        columns={[
          { head: 'Failure', rowHead: true, cell: (group) => <Kind group={group} query={query} /> },
          { head: '1 h', number: true, cell: ({ hour }) => (hour === 0 ? '-' : count(hour)) },
          { head: '24 h', number: true, minor: true, cell: ({ day }) => (day === 0 ? '-' : count(day)) },
          { head: 'All', number: true, cell: (group) => count(group.count) },
          { head: 'First', minor: true, cell: ({ first }) => <Ago at={first} now={now} /> },
          { head: 'Last', cell: ({ last }) => <Ago at={last} now={now} /> },
          { head: '24 hours', minor: true, cell: ({ hours }) => <Spark hours={hours} /> },
          {
            head: 'Retry and remove',
            cell: (group) => (
              <>
                <GroupActions group={group} model={model} ask={ask} />
                <Back back={comebacks.get(group.kind)} now={now} />
              </>
            ),
          },
        ]}
      />
      {summary.groups.length > groups.length ? (
        <p class="pager">
          {page > 0 ? <a href={link('failed', { ...query, page: page - 1 })}>Previous</a> : null} {count(page * 50 + 1)}{' '}
          to {count(page * 50 + groups.length)} of {count(summary.groups.length)} kinds{' '}
          {page * 50 + groups.length < summary.groups.length ? (
            <a href={link('failed', { ...query, page: page + 1 })}>Next</a>
          ) : null}
        </p>
      ) : null}
    </>
  );
}

function Kind({ group, query }: { readonly group: GroupSummary; readonly query: FailedModel['query'] }): View {
  const { kind, class: name, exception, message } = group;
  const text = [exception, message].filter((part) => part !== '').join(': ');
  if (kind === '') return <>{message}</>;
  return (
    <a href={link('failed', { ...query, kind, view: 'list' })}>
      <b>
        <Text most={80}>{name === '' ? 'unreadable' : name}</Text>
      </b>{' '}
      <Text>{text}</Text>
    </a>
  );
}

/** Heights as characters: no style is needed for it. */
function Spark({ hours }: { readonly hours: readonly number[] }): View {
  const most = Math.max(...hours);
  const bars = '▁▂▃▄▅▆▇█';
  const text = hours.map((one) => (one === 0 ? ' ' : bars[Math.ceil((one / most) * 8) - 1])).join('');
  return (
    <span class="mono spark" role="img" aria-label={`in the last 24 hours, the oldest first: ${hours.join(', ')}`}>
      {text}
    </span>
  );
}

function GroupActions({ group, model, ask }: Props & { readonly group: GroupSummary }): View | null {
  if (group.kind === '') return null;
  const fields = { ...filterFields({ ...model.filter, kind: group.kind }), back: backOf(model) };
  const what = group.class === '' ? 'unreadable entries' : group.class;
  return (
    <div class="actions">
      {ask.may('retry-newest') && group.class !== '' ? (
        <Post action="retry-newest" fields={{ ...fields, count: '1' }} label={`Retry 1 of ${what}`}>
          Retry 1
        </Post>
      ) : null}
      {ask.may('retry-all') && group.class !== '' ? (
        <Post action="retry-all" fields={fields} label={`Retry all of ${what}`}>
          Retry all…
        </Post>
      ) : null}
      {ask.may('remove-all') ? (
        <Post action="remove-all" fields={fields} label={`Remove all of ${what}`}>
          Remove all…
        </Post>
      ) : null}
    </div>
  );
}

function Back({
  back,
  now,
}: {
  readonly back: { retried: number; back: number; at: number } | undefined;
  readonly now: number;
}) {
  if (back === undefined || back.retried === 0) return null;
  return (
    <small>
      came back: {count(back.back)} of {count(back.retried)} retried {duration(now - back.at)} ago
    </small>
  );
}

function backOf({ query, view }: Pick<FailedModel, 'query' | 'view'>): string {
  return link('failed', { ...query, view: view === 'list' ? 'list' : undefined });
}

function List({ model, ask }: Props): View {
  const { entries, next, query, searched, filter, total } = model;
  return (
    <>
      <form method="post" id="selected" action="retry">
        <input type="hidden" name="back" value={backOf(model)} />
        <Table
          caption="Failed jobs, the newest first"
          rows={entries}
          id={(listed) => `entry-${nameOf(listed).replace('@', '-')}`}
          empty={isFiltered(filter) ? 'No failure matches.' : EMPTY}
          columns={entryColumns(ask)}
        />
        {entries.length === 0 ? null : (
          <p class="actions">
            {ask.may('retry') ? (
              <button type="submit" formaction="retry">
                Retry selected
              </button>
            ) : null}{' '}
            {ask.may('remove') ? (
              <button type="submit" formaction="remove">
                Remove selected…
              </button>
            ) : null}
          </p>
        )}
      </form>
      {next === undefined ? null : (
        <p class="pager">
          {searched === undefined ? null : (
            <>
              Looked at {count(total - next - 1)} of {count(total)}.{' '}
            </>
          )}
          <a href={link('failed', { ...query, view: 'list', from: next })} rel="next">
            {searched === undefined ? 'Older' : 'Go on'}
          </a>
        </p>
      )}
    </>
  );
}

function entryColumns(ask: Ask) {
  const { redactor } = ask.dashboard.failures;
  const selects = ask.may('retry') || ask.may('remove');
  const select = {
    head: 'Select',
    cell: (listed: Listed) => (
      <input type="checkbox" name="entry" value={nameOf(listed)} aria-label={`Select entry ${listed.n}`} />
    ),
  };
  return [
    ...(selects ? [select] : []),
    { head: 'N', number: true as const, minor: true as const, cell: ({ n }: Listed) => String(n) },
    {
      head: 'Failure',
      rowHead: true as const,
      cell: (listed: Listed) => {
        const { entry } = headOf(listed);
        const { exception, error } = redactor.failure(entry);
        const text = entry.unreadable ?? [exception, error.split('\n', 1)[0]].filter((part) => part !== '').join(': ');
        const [n, id] = nameOf(listed).split('@');
        return (
          <a href={link('failure', { n, id })}>
            <b>
              <Text most={80}>{entry.class === '' ? 'unreadable' : entry.class}</Text>
            </b>{' '}
            <Text>{text}</Text>
          </a>
        );
      },
    },
    {
      head: 'Queue',
      cell: (listed: Listed) => {
        const { entry } = headOf(listed);
        return entry.queue === '' ? '-' : <Text most={60}>{entry.queue}</Text>;
      },
    },
    {
      head: 'Failed',
      cell: (listed: Listed) => {
        const { at, entry } = headOf(listed);
        return (
          <>
            <Ago at={at} now={ask.now} />
            {entry.retriedAt === undefined ? null : <small> retried in resque-web</small>}
          </>
        );
      },
    },
  ];
}

function AllMatching({ model, ask }: Props): View | null {
  const { filter, summary, searched, entries } = model;
  const jobs = searched === undefined ? summary.matching : entries.length;
  if (jobs === 0) return null;
  const fields = { ...filterFields(filter), back: backOf(model) };
  const which = searched === undefined ? count(summary.matching) : 'all that match';
  return (
    <div class="actions" id="all-matching">
      {ask.may('retry-newest') && searched === undefined ? (
        <Post action="retry-newest" fields={{ ...fields, count: '10' }}>
          Retry the newest 10
        </Post>
      ) : null}
      {ask.may('retry-all') ? <Post action="retry-all" fields={fields}>{`Retry ${which}…`}</Post> : null}
      {ask.may('remove-all') ? <Post action="remove-all" fields={fields}>{`Remove ${which}…`}</Post> : null}
    </div>
  );
}

function Source({ model: { filter, view } }: { readonly model: FailedModel }): View | null {
  const flags = filterFlags(filter);
  if (flags === undefined) return null;
  return (
    <p class="source">
      <Cli>{`tsworker failed ${view === 'groups' ? 'count' : 'list'} ${flags}`.trim()}</Cli>
    </p>
  );
}

function headOf({ raw }: Listed) {
  const entry = new FailedEntry(raw);
  return { entry, at: failureTime(entry) };
}
