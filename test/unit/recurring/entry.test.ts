/** Entries of a schedule: in the format of the configuration, and in that of resque-scheduler's files. */
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { TsworkerError } from '../../../src/errors.js';
import { readEntry } from '../../../src/recurring/entry.js';
import { readRubyFile } from '../../../src/recurring/file.js';
import { mergeSets, readSet } from '../../../src/recurring/published.js';
import { setText } from '../../../src/recurring/set-text.js';
import { fire, firstState, readTick, tickText } from '../../../src/recurring/tick.js';
import { folderWith } from '../job-modules/folder.js';

const PLACE = '"schedule" in tsworker.config.ts';
const read = (given: unknown) => readEntry('nightly', given, PLACE);

describe('an entry of the configuration', () => {
  test('with all that it may have', () => {
    const given = {
      ...{ cron: '0 3 * * *', timezone: 'Europe/Berlin', class: 'Report', queue: 'low', args: [1, { a: 2 }] },
      ...{ missed: 'all', overlap: 'skip', jitter: 30, expiresIn: 600, description: 'the report' },
    };
    expect(read(given)).toEqual({
      ...{
        name: 'nightly',
        timing: { cron: '0 3 * * *', timezone: 'Europe/Berlin' },
        missed: 'all',
        overlap: 'skip',
        jitterMs: 30_000,
      },
      ...{ class: 'Report', queue: 'low', payload: '{"class":"Report","args":[1,{"a":2}]}', expiresInMs: 600_000 },
      ...{ description: 'the report', ruby: false, origin: PLACE },
    });
  });

  test('with the least: its name is the class', () => {
    expect(read({ every: '5m' })).toMatchObject({ class: 'nightly', queue: undefined, timing: { everyMs: 300_000 } });
  });

  test.each([
    [[], 'must be an object', 'For example'],
    [{ cron: '0 3 * * *', every: '5m' }, 'needs a cron or an every', 'For example'],
    [{ class: 'X' }, 'needs a cron or an every', 'For example'],
    [{ cron: '61 * * * *' }, '61', 'Five fields'],
    [{ cron: '0 0 30 2 *' }, 'never fires', 'Correct day'],
    [{ cron: 5 }, 'cron must be a text', 'For example'],
    [{ every: '0s' }, 'no interval', 'At least a second'],
    [{ cron: '@daily', timezone: 'Mars' }, 'no time zone', 'Europe/Berlin'],
    [{ cron: '@daily', timezone: 5 }, 'timezone must be a name', 'Europe/Berlin'],
    [{ cron: '@daily', clas: 'X' }, 'no option clas', 'Did you mean class?'],
    [{ cron: '@daily', class: '' }, 'class must be a name', 'For example'],
    [{ cron: '@daily', missed: 'never' }, 'missed must be skip, once, all', 'For example'],
    [{ cron: '@daily', overlap: 'no' }, 'overlap must be allow or skip', 'For example'],
    [{ cron: '@daily', jitter: -1 }, 'jitter must be a number', 'For example'],
    [{ cron: '@daily', expiresIn: 0 }, 'expiresIn must be a number', 'For example'],
  ])('%j is refused with its place and what would be right', (given, message, hint) => {
    expect(() => read(given)).toThrow(TsworkerError);
    expect(() => read(given)).toThrow(message);
    expect(() => read(given)).toThrow(`${PLACE}: nightly`);
    expect(() => read(given)).toThrow(expect.objectContaining({ hint: expect.stringContaining(hint) }));
  });

  test('a queue that no worker can work', () => {
    expect(() => read({ cron: '@daily', queue: 'a,b' })).toThrow('the queue "a,b" cannot be used');
  });
});

describe("resque-scheduler's file", () => {
  async function file(text: string, environment?: string) {
    const path = join(await folderWith({ 'resque_schedule.yml': text }), 'resque_schedule.yml');
    const skipped: string[] = [];
    const entries = await readRubyFile(path, 'resque_schedule.yml', environment, (name) => skipped.push(name));
    return { entries, skipped };
  }

  test('as its README has it', async () => {
    const { entries } = await file(`
CancelAbandonedOrders:
  cron: "*/5 * * * * America/New_York"
queue_documents_for_indexing:
  cron: "0 0 * * *"
  every: ["1h", {first_in: "5m"}]
  class: "QueueDocuments"
  queue: high
  args:
  description: "This job queues all content for indexing in solr"
clear_leaderboards_contributors:
  cron: 30 6 * * 1
  class: ClearLeaderboards
  queue: low
  args: contributors
numbers:
  every: 30s
  args: [12345678901234567890, 1.5, {a: yes}]
`);
    expect(entries.map(({ name, class: name2, queue, payload }) => [name, name2, queue, payload])).toEqual([
      ['CancelAbandonedOrders', 'CancelAbandonedOrders', undefined, '{"class":"CancelAbandonedOrders","args":[]}'],
      ['queue_documents_for_indexing', 'QueueDocuments', 'high', '{"class":"QueueDocuments","args":[]}'],
      [
        'clear_leaderboards_contributors',
        'ClearLeaderboards',
        'low',
        '{"class":"ClearLeaderboards","args":["contributors"]}',
      ],
      ['numbers', 'numbers', undefined, '{"class":"numbers","args":[12345678901234567890,1.5,{"a":true}]}'],
    ]);
    expect(entries[0].timing).toEqual({ cron: '*/5 * * * *', timezone: 'America/New_York' });
    expect(entries[3].timing).toEqual({ everyMs: 30_000 });
    expect(entries.every(({ ruby }) => ruby)).toBe(true);
  });

  test('entries of other environments are left out', async () => {
    const text = 'a: {every: 1h, rails_env: "staging, production"}\nb: {every: 1h, env: test}\nc: {every: 1h}\n';
    expect((await file(text, 'production')).entries.map(({ name }) => name)).toEqual(['a', 'c']);
    expect((await file(text)).skipped).toEqual(['a', 'b']);
  });

  test('an empty one has none', async () => {
    expect((await file('')).entries).toEqual([]);
  });

  test.each([
    ['a:\n  cron: "0 3 * *"\n', 'resque_schedule.yml: a: "0 3 * *" is no cron text'],
    ['a: {every: 500ms}', 'every "500ms" is no interval'],
    ['a: 5', 'a must be an object'],
    ['a: {class: X}', 'needs a cron or an every'],
    ['- a', 'must be a mapping'],
    ['a: [', 'resque_schedule.yml:1'],
    ['a: {every: 1h, custom_job_class: X}', 'custom_job_class'],
    ['a: {every: <%= 5 %>}', 'holds Ruby code'],
  ])('%j is refused with its place', async (text, message) => {
    await expect(file(text)).rejects.toThrow(message);
    await expect(file(text)).rejects.toMatchObject({ code: 'USAGE', hint: expect.any(String) });
  });
});

describe('what is published', () => {
  const entry = (name: string, given: object = {}) => ({
    ...readEntry(name, { every: '1h', queue: 'q', ...given }, PLACE),
    queue: 'q',
  });
  const set = (...entries: ReturnType<typeof entry>[]) => ({ entries, dynamic: false, environment: undefined });

  test('comes back as it was; nothing to publish is no text', () => {
    const given = {
      ...set(entry('a'), entry('b', { class: 'C', args: [1] })),
      dynamic: true,
      environment: 'production',
    };
    expect(readSet(setText(given))).toEqual(JSON.parse(JSON.stringify(given)));
    expect(setText(set())).toBe('');
  });

  test.each(['', '[]', '5', 'null', '{}', '{"entries":5}', '{"entries":[5,{},null,{"name":"a"}]}'])(
    '%s is no set, or one without entries',
    (text) => {
      expect(readSet(text)?.entries ?? []).toEqual([]);
    },
  );

  test('of two applications the later start wins a name; a dynamic entry stands in for one of a Ruby file', () => {
    const [early, late] = [set(entry('a', { class: 'Early' }), entry('b')), set(entry('a', { class: 'Late' }))];
    const ruby = { ...entry('r'), ruby: true };
    const { entries, problems } = mergeSets(
      new Map([
        ['late', late],
        ['early', early],
        ['ruby', { ...set(ruby), dynamic: true }],
      ]),
      new Map([
        ['late', 2],
        ['early', 1],
      ]),
      new Map([
        ['r', '{"every":"5m","class":"Dynamic"}'],
        ['a', '{"every":"5m","class":"NotMine","queue":"x"}'],
        ['new', '{"cron":"@daily","class":"New","queue":"low"}'],
        ['bad', '{"cron":"61 * * * *","queue":"low"}'],
        ['none', 'x'],
        ['homeless', '{"every":"1h"}'],
      ]),
    );
    expect([...entries.values()].map(({ name, class: name2, queue }) => [name, name2, queue]).sort()).toEqual([
      ['a', 'Late', 'q'],
      ['b', 'b', 'q'],
      ['new', 'New', 'low'],
      ['r', 'Dynamic', 'q'],
    ]);
    expect(problems.map((problem) => /: (\w+)/.exec(problem)?.[1]).sort()).toEqual(['bad', 'homeless', 'none']);
  });
});

describe('a tick', () => {
  const entry = { ...readEntry('n', { every: '1m', queue: 'q', expiresIn: 60 }, PLACE), queue: 'q' };
  const NOW = Date.UTC(2026, 10, 24, 12);

  test('a new entry begins with the next one from now on, a changed one too; what is known is gone on with', () => {
    expect(firstState(entry, '', NOW, undefined)).toEqual({ last: undefined, next: NOW + 60_000, by: '' });
    const known = { last: NOW - 120_000, next: NOW - 60_000, by: 'a,b' };
    expect(firstState(entry, tickText(entry.timing, known), NOW, undefined)).toEqual(known);
    const other = tickText({ everyMs: 1000 }, known);
    expect(firstState(entry, other, NOW, undefined)).toEqual({ ...known, next: NOW + 60_000 });
    for (const junk of ['x', ',,,', 'a,b,c,d', tickText(entry.timing, known).replace(String(known.next), '')])
      expect(firstState(entry, junk, NOW, undefined).next).toBe(NOW + 60_000);
  });

  test('what a Ruby scheduler has enqueued meanwhile is not enqueued again', () => {
    const known = tickText(entry.timing, { last: undefined, next: NOW - 60_000, by: '' });
    const ruby = { ...entry, ruby: true };
    expect(firstState(ruby, known, NOW, NOW - 59_000).next).toBe(NOW);
    expect(firstState(ruby, known, NOW, NOW - 61_000).next).toBe(NOW - 60_000);
    expect(firstState(entry, known, NOW, NOW - 59_000).next).toBe(NOW - 60_000);
  });

  test('enqueues with the expiry of the tick, and goes on where the call was full', () => {
    const all = { ...entry, missed: 'all' as const };
    const fired = fire(all, { last: undefined, next: NOW - 120_000, by: '' }, NOW, 'me', 2);
    expect(fired.payloads).toEqual([
      `{"class":"n","args":[],"tsworker":{"expires_at":${NOW - 60_000}}}`,
      `{"class":"n","args":[],"tsworker":{"expires_at":${NOW}}}`,
    ]);
    expect(fired.state).toEqual({ last: NOW - 60_000, next: NOW, by: 'me' });
    expect(fired.skipped).toBe(false);
    const text = tickText(entry.timing, fired.state);
    expect(readTick(entry.timing, text)).toEqual({ state: fired.state, current: true });
  });

  test('of those that were missed says so', () => {
    const skip = { ...entry, missed: 'skip' as const };
    const fired = fire(skip, { last: 5, next: NOW - 3_600_000, by: 'x' }, NOW + 30_000, 'me', 10);
    expect(fired).toEqual({ payloads: [], state: { last: 5, next: NOW + 60_000, by: 'x' }, skipped: true });
  });
});
