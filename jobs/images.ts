/**
 * A typed job: `job()` says class and queue once, `perform` gets the arguments alone (the queue is `this.queue`), and
 * a TypeScript producer pushes with checked types: `ResizeImage.enqueue('cat.jpg', 640, Date.now())`.
 *
 * With `args` (any Standard Schema: zod, valibot, arktype) payloads are checked before they run:
 *
 *     args: z.tuple([z.string(), z.number().positive(), z.number()]),
 */
import { setTimeout as pause } from 'node:timers/promises';
import { job } from 'tsworker';

export const resizeImage = job({
  class: 'ResizeImage',
  queue: 'low',
  async perform(path: string, width: number, enqueuedAt: number) {
    this.log.debug({ waitMs: Date.now() - enqueuedAt }, 'demo wait');
    await pause(30, undefined, { signal: this.signal });
    this.log.trace({ path, width }, 'resized');
  },
});
