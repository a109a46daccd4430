/** An Engine over a test Redis, with what it told recorded. */
import { onTestFinished } from 'vitest';
import type { QueuesInput } from '../../src/config/queues.js';
import { Engine, type EngineOptions } from '../../src/engine/engine.js';
import type { EngineEvents, Perform } from '../../src/engine/interfaces.js';
import { type MeterEvents, withMeter } from '../../src/metrics/meter.js';
import { testConnection, testStore } from './store.js';

export interface TestEngine {
  readonly engine: Engine;
  /** What the engine told, in order: `['outage', …]`. */
  readonly told: string[];
}

export async function testEngine(
  uri: string,
  perform: Perform,
  options: Partial<EngineOptions> & { queues?: QueuesInput; checkRegistered?: boolean; meter?: MeterEvents } = {},
): Promise<TestEngine> {
  const told: string[] = [];
  let engine: Engine | undefined;
  const connection = await testConnection(uri, {
    onReady: () => engine?.reconnected(),
    onInvalidate: () => engine?.pushed(),
  });
  engine = new Engine({
    store: testStore(connection, options.queues ?? 'q', undefined, {
      checkRegistered: options.checkRegistered ?? false,
    }),
    perform,
    events: options.meter === undefined ? recorder(told) : withMeter(recorder(told), options.meter),
    concurrency: 5,
    intervalMs: 3_600_000,
    pushes: connection.tracking,
    exitOnComplete: false,
    ...options,
  });
  const started = engine;
  onTestFinished(async () => {
    started.giveUp();
    await started.stop();
  });
  await engine.start();
  return { engine, told };
}

function recorder(told: string[]): EngineEvents {
  return {
    finished: (_run, outcome) => void told.push(outcome.kind),
    delivered: () => {},
    exchanged: () => {},
    fenced: () => void told.push('fenced'),
    outage: (error) => void told.push(`outage: ${error.message}`),
    restored: () => void told.push('restored'),
    adopted: (count) => void told.push(`adopted ${count}`),
    occupied: (slot) => void told.push(`occupied ${slot}`),
    paused: (paused) => void told.push(paused ? 'paused' : 'resumed'),
    unregistered: () => void told.push('unregistered'),
  };
}

/** A promise and its resolve: a job that ends when the test says so. */
export function gate(): { readonly opened: Promise<void>; open(): void } {
  let open!: () => void;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}
