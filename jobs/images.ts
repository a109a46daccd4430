/**
 * A typed job: `job()` says class and queue once, `perform` gets the arguments alone (the queue is `this.queue`), and
 * a TypeScript producer pushes with checked types: `resizeImage.enqueue('cat.jpg', 640)`.
 *
 * With `args` (any Standard Schema: zod, valibot, arktype) payloads are checked before they run:
 *
 *     args: z.tuple([z.string(), z.number().positive()]),
 */
import { setTimeout as pause } from 'node:timers/promises';
import { job } from 'tsworker';

export const resizeImage = job({
  class: 'ResizeImage',
  queue: 'high',
  async perform(path: string, width: number) {
    this.log.info({ path, width }, 'resizing');
    // Stands for the work. It is handed the job's signal: where the worker must end now, the job is requeued.
    await pause(1000, undefined, { signal: this.signal });
  },
});
