import { MemoryServer, MemoryStore } from '../../support/memory-store.js';
import { describeStore } from '../../support/store-conformance.js';

describeStore('in memory', async () => {
  const server = new MemoryServer();
  const queues = ['high', 'low'];
  return {
    store: new MemoryStore(server, { queues, nonce: 'ours' }),
    other: new MemoryStore(server, { queues, nonce: 'others' }),
    push: async (queue, ...payloads) => server.push(queue, ...payloads),
    queued: async (queue) => server.list(queue),
    failed: async () => server.failed.length,
    processed: async () => server.processed,
    records: async () => server.records.size,
    pause: async (paused) => {
      server.paused = paused;
    },
    register: async (registered) => {
      server.registered = registered;
    },
  };
});
