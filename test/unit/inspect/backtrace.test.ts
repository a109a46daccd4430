import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { groupFrames, readBacktrace } from '../../../src/inspect/failed/backtrace.js';

const GO = `sql: no rows in result set

goroutine 34 [running]:
runtime/debug.Stack()
\t/usr/local/go/src/runtime/debug/stack.go:24 +0x5e
main.charge({0xc000, 0x1})
\t/app/jobs/charge.go:41 +0x1d
github.com/benmanns/goworker.(*worker).run(0xc00)
\t/go/pkg/mod/github.com/benmanns/goworker@v0.1.3/worker.go:129 +0x1f`;

function shown(error: string, backtrace: readonly string[]) {
  const { message, frames } = readBacktrace({ error, backtrace });
  return { message, frames: frames.map(({ text, isApp }) => `${isApp ? '*' : '-'} ${text}`) };
}

describe('a backtrace', () => {
  test('of Ruby', () => {
    const lines = [
      "/app/app/jobs/charge.rb:12:in `pay'",
      "/usr/local/bundle/gems/activejob-7.1.3/lib/active_job/execution.rb:53:in `perform_now'",
      "/usr/lib/ruby/3.2.0/timeout.rb:186:in `timeout'",
      "app/jobs/charge.rb:9:in `perform'",
      "/app/vendor/bundle/ruby/3.2.0/gems/resque-2.6/lib/resque/job.rb:171:in `perform'",
    ];
    expect(shown('boom', lines).frames.map((line) => line[0])).toEqual(['*', '-', '-', '*', '-']);
  });

  test('of Node, with causes', () => {
    const lines = [
      'RunContext.SendInvoice (/app/jobs/invoices.ts:9)',
      'Pool.query (/app/node_modules/pg/lib/pool.js:45:11)',
      'process.processTicksAndRejections (node:internal/process/task_queues:95:5)',
      'new Promise (<anonymous>)',
      'caused by Error: connect ECONNREFUSED',
      'file:///app/jobs/db.ts:4',
    ];
    expect(shown('boom', lines).frames.map((line) => line[0])).toEqual(['*', '-', '-', '-', '-', '*']);
  });

  test('of goworker is cut out of the message, a line for each frame', () => {
    expect(shown(GO, [])).toEqual({
      message: 'sql: no rows in result set',
      frames: [
        '- runtime/debug.Stack() /usr/local/go/src/runtime/debug/stack.go:24 +0x5e',
        '* main.charge({0xc000, 0x1}) /app/jobs/charge.go:41 +0x1d',
        '- github.com/benmanns/goworker.(*worker).run(0xc00) /go/pkg/mod/github.com/benmanns/goworker@v0.1.3/worker.go:129 +0x1f',
      ],
    });
  });

  test('neighbours that are alike are one group', () => {
    const frames = ['*', '*', '-', '*'].map((kind, i) => ({ text: `${i}`, isApp: kind === '*' }));
    expect(groupFrames(frames)).toEqual([
      { isApp: true, frames: ['0', '1'] },
      { isApp: false, frames: ['2'] },
      { isApp: true, frames: ['3'] },
    ]);
  });

  test('of anything: no frame is lost or doubled, and a message without a stack stays as it is', () => {
    const line = fc.oneof(fc.string({ minLength: 1 }), fc.constantFrom('a.rb:1', '/gems/x.rb:1', 'node:fs', 'at x'));
    const lines = fc.array(line.filter((text) => text.trim() !== '' && !/\.go:\d/.test(text)));
    fc.assert(
      fc.property(fc.string(), lines, (error, backtrace) => {
        fc.pre(!error.includes('goroutine'));
        const { message, frames } = readBacktrace({ error, backtrace });
        expect(message).toBe(error);
        expect(groupFrames(frames).flatMap((group) => group.frames)).toEqual(backtrace);
      }),
    );
  });
});
