/** A Redis with data of Ruby's Resque, goworker, node-resque and tsworker, with malicious names and texts. */
import type { TestClient } from './redis.js';

/** Must never become markup, in any field. */
export const MARKUP = '<img src=x onerror="window.pwned=1"><script>window.pwned=1</script>"\'><b>';
const NS = 'resque:';

function ago(seconds: number): string {
  return new Date(Date.now() - seconds * 1000).toISOString().replace(/\.\d+Z$/, 'Z');
}

/** The history from the newest: busier and calmer hours, one hole, and a counter that was reset. */
function measured(count: number, everyS: number): string[] {
  const now = Math.floor(Date.now() / 1000);
  const counters = { processed: 0, failed: 0 };
  const entries = Array.from({ length: count }, (_, i) => {
    const load = 1 + Math.sin(i / 9) + ((i * 7919) % 13) / 10;
    counters.processed += Math.round(load * 9 * everyS);
    counters.failed += i % 17 === 3 ? everyS : 0;
    if (i === Math.floor(count / 2)) counters.processed = 0;
    const waiting = Math.round(80 * load + (i % 40) * 5);
    return `${now - (count - 1 - i) * everyS} ${counters.processed} ${counters.failed} ${waiting} 32`;
  });
  const isKept = (i: number) => i < count * 0.8 || i > count * 0.86;
  return entries.filter((_, i) => isKept(i)).reverse();
}

export async function fill(client: TestClient, { hostile = '' } = {}): Promise<void> {
  const bad = (text: string) => (hostile === '' ? text : `${text}${hostile}`);
  const job = (name: string, args: unknown[], more: object = {}) =>
    JSON.stringify({ class: bad(name), args, ...more, ...(hostile === '' ? {} : { extra: hostile }) });
  const queues = ['mail', 'reports', 'low', bad('archive')];
  await client.sAdd(`${NS}queues`, queues);
  const mails = Array.from({ length: 120 }, (_, i) =>
    job('SendMail', [`user${i}@example.com`, bad('Welcome'), { password: 'hunter2', id: i }], {
      enqueued_at: ago(200 + i),
    }),
  );
  await client.rPush(`${NS}queue:mail`, mails);
  await client.rPush(`${NS}queue:reports`, [job('Reports::Daily', ['2026-11-22']), '{"class":"Broken","args":']);
  await client.rPush(`${NS}queue:${queues[3]}`, job('Archive', [12345678901234567890n.toString()]));
  const workers = ['web1:22393:mail', 'web1:22394-0:mail,reports', 'ruby1:4711:*', `go1:99-1:${bad('low')}`];
  await client.sAdd(`${NS}workers`, workers);
  const record = (queue: string, name: string, args: unknown[], since: number) =>
    JSON.stringify({ queue, run_at: ago(since), payload: { class: bad(name), args } });
  await client.set(`${NS}worker:${workers[0]}`, record('mail', 'SendMail', ['ada@example.com', bad('Hello')], 8));
  await client.set(`${NS}worker:${workers[2]}`, record('reports', 'Crop', [35, { api_key: 'abc123secret' }], 440));
  await client.hSet(`${NS}workers:heartbeat`, { [workers[0]]: ago(5), [workers[1]]: ago(12), [workers[2]]: ago(420) });
  for (const id of workers) await client.set(`${NS}worker:${id}:started`, ago(90_000));
  await client.set(`${NS}stat:processed`, '123456');
  await client.set(`${NS}stat:failed`, '789');
  await client.set(`${NS}stat:processed:${workers[0]}`, '4711');
  await client.rPush(`${NS}tsworker:history`, measured(180, 60));
  await client.rPush(`${NS}tsworker:history:hours`, measured(60 * 24, 3600));
  const failed = (n: number, name: string, exception: string, error: string) =>
    JSON.stringify({
      failed_at: ago(n * 60),
      payload: { class: bad(name), args: [n, { token: 'tok-secret-1234567890' }] },
      exception: bad(exception),
      error: bad(error),
      backtrace: [bad(`/app/jobs/${name}.rb:${n}:in 'perform'`)],
      worker: bad('web1:22393:mail'),
      queue: bad('mail'),
    });
  const entries = Array.from({ length: 30 }, (_, i) =>
    failed(i, 'Charge', 'Timeout::Error', `execution expired after ${i} s`),
  );
  await client.rPush(`${NS}failed`, [
    ...entries,
    failed(31, 'SendInvoice', 'TypeError', "undefined (reading 'percent')"),
    'no json',
  ]);
  const due = Math.floor(Date.now() / 1000) + 300;
  const delayed = [due, due + 3600, due - 400].map(String);
  for (const time of delayed) {
    await client.zAdd(`${NS}delayed_queue_schedule`, { score: Number(time), value: time });
    const items = ['SendMail', 'Crop'].map((name) =>
      JSON.stringify({ class: bad(name), args: [time, bad('x')], queue: bad('mail') }),
    );
    await client.rPush(`${NS}delayed:${time}`, items);
    for (const item of items) await client.sAdd(`${NS}timestamps:${item}`, `delayed:${time}`);
  }
}
