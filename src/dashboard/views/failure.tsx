import { count } from '../../format.js';
import { groupFrames, readBacktrace } from '../../inspect/failed/backtrace.js';
import type { FailedEntry } from '../../inspect/failed/entry.js';
import type { Listed } from '../../inspect/failed/list.js';
import { argsText } from '../../inspect/payload.js';
import { harmlessLines } from '../../terminal-text.js';
import { nameOf } from '../failures/named.js';
import type { ShownFailure } from '../redact/redactor.js';
import { type Ask, link, type View } from '../routes/page.js';
import { Ago, Cli, Text, Time } from './parts.js';
import { Post } from './post.js';

export interface FailureModel {
  readonly listed: Listed;
  readonly id: string;
  readonly entry: FailedEntry;
  readonly shown: ShownFailure;
  readonly kind: string;
  readonly at: number | undefined;
  /** Failures of this kind, this one included. */
  readonly alike: number;
  /** Other entries with the same payload. */
  readonly others: readonly { readonly listed: Listed; readonly at: number | undefined }[];
  /** The payload without masks, for who may see it. */
  readonly revealed: string | undefined;
}

interface Props {
  readonly model: FailureModel;
  readonly ask: Ask;
}

/** As much of a text as a page shows. */
const MOST_TEXT = 20_000;

export function FailureView({ model, ask }: Props): View {
  const { entry, shown, revealed } = model;
  if (entry.unreadable !== undefined) return <Unreadable model={model} ask={ask} />;
  const { message, frames } = readBacktrace(shown);
  return (
    <>
      <h1>
        <Text>{entry.class === '' ? 'Failure without a class' : entry.class}</Text>
      </h1>
      {shown.exception === '' ? null : (
        <p>
          <b>
            <Text>{shown.exception}</Text>
          </b>
        </p>
      )}
      <Block text={message} />
      <Actions model={model} ask={ask} />
      <Facts model={model} ask={ask} />
      <h2>Backtrace</h2>
      {frames.length === 0 ? <p class="empty">There is none.</p> : <Backtrace frames={frames} />}
      <h2>Arguments</h2>
      <Block text={argsText(revealed ?? shown.payload)} />
      <h2>Payload{revealed === undefined ? '' : ', without masks'}</h2>
      <Block text={revealed ?? shown.payload} />
      {ask.may('reveal') && revealed === undefined ? (
        <div class="actions">
          <Post action="reveal" fields={place(model)}>
            Show what is masked
          </Post>
          <small>This is written to the audit.</small>
        </div>
      ) : null}
      <Others model={model} ask={ask} />
      <p class="source">
        <Cli>{`tsworker failed show ${model.listed.n}@${model.id.slice(0, 7)}`}</Cli>
      </p>
    </>
  );
}

function place({ listed, id }: FailureModel) {
  return { n: String(listed.n), id };
}

function Unreadable({ model, ask }: Props): View {
  const text = ask.dashboard.failures.redactor.text(model.listed.raw.toString());
  return (
    <>
      <h1>An entry that nobody can read</h1>
      <p class="problem">{model.entry.unreadable}: no Resque program writes that.</p>
      <Actions model={model} ask={ask} />
      <Block text={text} />
    </>
  );
}

function Block({ text }: { readonly text: string }): View {
  const shown = harmlessLines(text.slice(0, MOST_TEXT));
  return (
    <pre class="text" tabindex={0}>
      {shown}
      {text.length > MOST_TEXT ? `\n… ${count(text.length - MOST_TEXT)} characters more` : ''}
    </pre>
  );
}

function Actions({ model, ask }: Props): View {
  const { entry } = model;
  const job = entry.requeue();
  const fields = { entry: nameOf(model.listed), back: 'failed' };
  const queues = (ask.snapshot.queues?.rows ?? []).slice(0, 500);
  return (
    <div class="actions">
      {ask.may('retry') && typeof job !== 'string' ? (
        <Post action="retry" fields={fields}>
          Retry
        </Post>
      ) : null}
      {ask.may('retry') && entry.unreadable === undefined && queues.length > 0 ? (
        <form method="post" action="retry" class="inline">
          <input type="hidden" name="entry" value={fields.entry} />
          <input type="hidden" name="back" value="failed" />
          <label>
            Retry to{' '}
            <select name="to">
              {queues.map(({ name }) => (
                <option value={name} selected={name === entry.queue}>
                  {name}
                </option>
              ))}
            </select>
          </label>{' '}
          <button type="submit">Retry there</button>
        </form>
      ) : null}
      {ask.may('remove') ? (
        <Post action="remove" fields={fields}>
          Remove…
        </Post>
      ) : null}
      {typeof job === 'string' && entry.unreadable === undefined ? (
        <span class="state lost">
          cannot be retried: <Text>{ask.dashboard.failures.redactor.text(job)}</Text>
        </span>
      ) : null}
      {linksOf(model, ask).map(({ name, href }) => (
        <a href={href} rel="noreferrer">
          {name}
        </a>
      ))}
    </div>
  );
}

/** JSON can hold halves of characters, which no address can. */
function wellFormed(text: string): string {
  return Buffer.from(text).toString();
}

/** Of the settings: https alone, which they check, and values are encoded. */
function linksOf({ entry }: FailureModel, ask: Ask) {
  const values: Readonly<Record<string, string>> = { class: entry.class, queue: entry.queue, worker: entry.worker };
  return ask.dashboard.options.links.map(({ name, href }) => ({
    name,
    href: href.replace(/\{(class|queue|worker)\}/g, (_, field: string) =>
      encodeURIComponent(wellFormed(values[field])),
    ),
  }));
}

function Facts({ model, ask }: Props): View {
  const { entry, at, kind, alike, listed } = model;
  const { redactor } = ask.dashboard.failures;
  return (
    <dl class="facts">
      <dt>Failed</dt>
      <dd>
        {at === undefined ? (
          <Text>{redactor.text(entry.failedAt) || '-'}</Text>
        ) : (
          <>
            <Time at={at} /> (<Ago at={at} now={ask.now} />)
          </>
        )}
      </dd>
      <dt>Queue</dt>
      <dd>
        {entry.queue === '' ? (
          '-'
        ) : (
          <a href={link('queue', { name: entry.queue })}>
            <Text>{entry.queue}</Text>
          </a>
        )}
      </dd>
      <dt>Worker</dt>
      <dd>{entry.worker === '' ? '-' : <Text>{entry.worker}</Text>}</dd>
      <dt>Kind</dt>
      <dd>
        <a href={link('failed', { kind, view: 'list' })}>
          {alike > 1 ? `${count(alike)} of this kind` : 'the only one of its kind'}
        </a>
      </dd>
      {entry.wrapper === undefined ? null : (
        <>
          <dt>Wrapped in</dt>
          <dd>
            <Text>{entry.wrapper}</Text>
          </dd>
        </>
      )}
      {entry.retriedAt === undefined ? null : (
        <>
          <dt>Retried</dt>
          <dd>
            <Text>{redactor.text(entry.retriedAt)}</Text>, by resque-web, which leaves the entry
          </dd>
        </>
      )}
      <dt>N</dt>
      <dd>{String(listed.n)}, from 0 at the oldest</dd>
    </dl>
  );
}

function Backtrace({ frames }: { readonly frames: Parameters<typeof groupFrames>[0] }): View {
  return (
    <ol class="backtrace">
      {groupFrames(frames).map(({ isApp, frames: lines }) =>
        isApp ? (
          lines.map((line) => (
            <li class="app">
              <code>
                <Text most={500}>{line}</Text>
              </code>
            </li>
          ))
        ) : (
          <li>
            <details>
              <summary>{count(lines.length)} library frames</summary>
              {lines.map((line) => (
                <code>
                  <Text most={500}>{line}</Text>
                </code>
              ))}
            </details>
          </li>
        ),
      )}
    </ol>
  );
}

function Others({ model: { others }, ask }: Props): View | null {
  if (others.length === 0) return null;
  return (
    <>
      <h2>The same payload failed before or since</h2>
      <ul>
        {others.map(({ listed, at }) => {
          const [n, id] = nameOf(listed).split('@');
          return (
            <li>
              <a href={link('failure', { n, id })}>{at === undefined ? `entry ${n}` : <Ago at={at} now={ask.now} />}</a>
            </li>
          );
        })}
      </ul>
      <p>
        <small>Resque gives jobs no id: these have the same class and arguments, byte for byte.</small>
      </p>
    </>
  );
}
