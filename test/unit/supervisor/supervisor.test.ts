/** The supervisor with fake children: its reaction to each way in which one may end. */
import { fork } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Settings } from '../../../src/config/settings.js';
import { type SupervisorEventMap, SupervisorEvents } from '../../../src/supervisor/events.js';
import type { DeathFacts } from '../../../src/supervisor/interfaces.js';
import { Supervisor } from '../../../src/supervisor/supervisor.js';
import { VERSION } from '../../../src/version.js';
import { tempDir } from '../../support/reaper.js';
import { until } from '../../support/until.js';

/** The children's lives, one after the other: the body of a function that is given `tell`. */
function supervise(...lives: string[]) {
  const dir = tempDir('child');
  const file = join(dir, 'child.mjs');
  const turns = lives.map((life) => `async (tell) => {${life}}`).join(',\n');
  writeFileSync(
    file,
    `import { appendFileSync, readFileSync } from 'node:fs';
    const born = ${JSON.stringify(join(dir, 'born'))};
    appendFileSync(born, 'x');
    let secret;
    const tell = (body) => new Promise((resolve) => process.send({ tsworker: secret, version, body }, resolve));
    const version = ${JSON.stringify(VERSION)};
    await new Promise((resolve) => process.once('message', (start) => { secret = start.tsworker; resolve(); }));
    await [${turns}][readFileSync(born).length - 1](tell);
    process.disconnect();`,
  );
  const told: string[] = [];
  const ends: DeathFacts[] = [];
  /** What it is answered, the last first. */
  const quarantined: boolean[] = [];
  const identity = { namespace: '', label: 'l', pid: 1, queues: 'q', concurrency: 1 };
  const events = new SupervisorEvents();
  const names: (keyof SupervisorEventMap)[] = [
    'ready',
    'died',
    'startFailed',
    'refused',
    'killed',
    'gaveUp',
    'replacing',
    'quarantineOpened',
  ];
  for (const name of names) events.on(name, () => void told.push(name));
  const supervisor = new Supervisor({
    settings: { processes: 1, concurrency: 1, maxRss: 0, exitOnComplete: false, interval: 3600 } as Settings,
    spare: 1,
    flags: {},
    fork: () => fork(file, { serialization: 'advanced', silent: true }),
    registry: {
      enter: async () => identity,
      leave: async () => void told.push('left'),
      recover: async (_identity, end) => void ends.push(end),
      hasQuarantined: async () => quarantined.pop() ?? false,
    },
    events,
  });
  return { supervisor, told, ends, quarantined };
}

const READY = "await tell({ kind: 'ready', classes: [], tracking: true, limitMs: 0 });";
const ENDED = "await tell({ kind: 'ended', exitCode: 0, processed: 1, failed: 0, requeued: 0 });";
const refused = (code: string) => `await tell({ kind: 'refused', code: '${code}', message: 'no', hint: 'do' });`;
const DIE = "process.kill(process.pid, 'SIGKILL'); await new Promise(() => {});";

test.each(['REDIS', 'JOBS'])(
  'a child is tried again where another has worked: what refuses it passes, %s',
  async (code) => {
    const { supervisor, told } = supervise(READY + DIE, refused(code), refused(code), READY + ENDED);
    expect(await supervisor.run()).toMatchObject({ exitCode: 0, processed: 1 });
    expect(told).toEqual(['ready', 'died', 'left', 'refused', 'left', 'refused', 'left']);
  },
);

test.each(['REDIS', 'JOBS'])('where none has worked, what refuses the child is the end: %s', async (code) => {
  const { supervisor } = supervise(refused(code));
  await expect(supervisor.run()).rejects.toMatchObject({ code, message: 'no', hint: 'do' });
});

test('of a death it says how it was, and which jobs of a quarantine child had begun and not ended', async () => {
  const says = (token: string, running: boolean) =>
    `void tell({ kind: 'running', token: '${token}', running: ${running} });`;
  const life = READY + says('a', true) + says('b', true) + says('a', false) + DIE;
  const { supervisor, ends } = supervise(life, READY + ENDED);
  await supervisor.run();
  expect(ends).toEqual([
    { cause: 'death', exit: expect.stringMatching(/^pid \d+ SIGKILL \(signal 9\)$/), begun: new Set(['b']) },
  ]);
});

test('a full heap', async () => {
  const { supervisor, ends } = supervise(`${READY}process.abort();`, READY + ENDED);
  await supervisor.run();
  expect(ends[0].exit).toMatch(/^pid \d+ SIGABRT \(signal 6\), as Node\.js ends when its heap is full$/);
});

describe('quarantine', () => {
  test('what is there is run by a child of its own before all is over, however often that dies', async () => {
    const { supervisor, told, quarantined } = supervise(
      READY + ENDED,
      DIE,
      refused('JOBS'),
      READY + ENDED,
      READY + ENDED,
    );
    quarantined.push(false, true, true, false);
    expect(await supervisor.run()).toMatchObject({ exitCode: 0, processed: 3 });
    expect(told).toEqual([
      'ready',
      'left',
      'quarantineOpened',
      'died',
      'left',
      'refused',
      'left',
      'quarantineOpened',
      'left',
    ]);
  });

  test('its child does not make the worker ready, and a stop ends it too', async () => {
    // It listens before it says anything.
    const life = `const stopped = new Promise((resolve) => process.on('message', (m) => m.body.kind === 'stop' && resolve()));
      ${READY} await tell({ kind: 'pulse', rssMb: 1, running: 1, more: false }); await stopped; ${ENDED}`;
    const { supervisor, told, quarantined } = supervise(life, life);
    quarantined.push(true);
    const over = supervisor.run();
    await until(async () => (await supervisor.countJobs()) === 2);
    expect(supervisor.ready).toBe(1);
    supervisor.quiet();
    expect(await over).toMatchObject({ exitCode: 0, processed: 2 });
    expect(told.filter((event) => event === 'ready')).toHaveLength(1);
  });
});
