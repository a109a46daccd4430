/** An Engine over a test Redis that records its events. */
import { onTestFinished } from 'vitest';
import type { QueuesInput } from '../../src/config/queues.js';
import { Engine, type EngineOptions } from '../../src/engine/engine.js';
import { EngineEvents } from '../../src/engine/events.js';
import type { Perform } from '../../src/engine/interfaces.js';
import { testConnection, testStore } from './store.js';

export interface TestEngine {
  readonly engine: Engine;
  /** The events of the engine, in order: `['outage', …]`. */
  readonly told: string[];
}

export async function testEngine(
  uri: string,
  perform: Perform,
  options: Partial<EngineOptions> & {
    queues?: QueuesInput;
    checkRegistered?: boolean;
    listen?: (events: EngineEvents) => void;
  } = {},
): Promise<TestEngine> {
  const told: string[] = [];
  const events = recorded(told);
  options.listen?.(events);
  let engine: Engine | undefined;
  const connection = await testConnection(uri, {
    onReady: () => engine?.reconnected(),
    onInvalidate: (key) => engine?.changed(key),
  });
  engine = new Engine({
    store: testStore(connection, options.queues ?? 'q', undefined, {
      onNewQueues: () => engine?.queuesAdded(),
      checkRegistered: options.checkRegistered ?? false,
    }),
    perform,
    events,
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

function recorded(told: string[]): EngineEvents {
  return new EngineEvents((error, event) => told.push(`the listener of ${event} threw: ${error.message}`))
    .on('finished', (_run, outcome) => told.push(outcome.kind))
    .on('fenced', () => told.push('fenced'))
    .on('outage', (error) => told.push(`outage: ${error.message}`))
    .on('restored', () => told.push('restored'))
    .on('adopted', (count) => told.push(`adopted ${count}`))
    .on('occupied', (slot) => told.push(`occupied ${slot}`))
    .on('paused', (paused) => told.push(paused ? 'paused' : 'resumed'))
    .on('unregistered', () => told.push('unregistered'));
}

/** A promise and its resolve, for a job that ends when the test decides. */
export function gate(): { readonly opened: Promise<void>; open(): void } {
  let open!: () => void;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}
