/**
 * Tells the browsers that look on that there is something new, every two seconds: one timer and one reader, whatever their
 * number. What is new they ask for themselves, as they asked for the page.
 */
import type { Reader } from '../model/reader.js';
import type { Snapshot } from '../model/snapshot.js';

const EVERY_MS = 2000;
/** So that proxies keep the connection, and a browser sees that it is there. */
const COMMENT_MS = 15_000;
export const MOST_STREAMS = 200;
/** A browser comes again, and is asked again who it is. */
const LONGEST_MS = 10 * 60_000;

interface Stream {
  readonly controller: ReadableStreamDefaultController<Uint8Array>;
  readonly until: number;
}

export class Hub {
  readonly #reader: Reader;
  readonly #counts: (snapshot: Snapshot) => Readonly<Record<string, number>>;
  readonly #streams = new Set<Stream>();
  #release: (() => void) | undefined;
  #timer: NodeJS.Timeout | undefined;
  #told = -1;
  #toldAt = 0;

  /** @param counts by page: what stands in the navigation */
  constructor(reader: Reader, counts: (snapshot: Snapshot) => Readonly<Record<string, number>>) {
    this.#reader = reader;
    this.#counts = counts;
  }

  /** @returns undefined: there are too many */
  open(): Response | undefined {
    if (this.#streams.size >= MOST_STREAMS) return undefined;
    let stream: Stream;
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        stream = { controller, until: Date.now() + LONGEST_MS };
        this.#add(stream);
        controller.enqueue(bytes(this.#tick()));
      },
      cancel: () => this.#remove(stream),
    });
    return new Response(body, {
      headers: { 'content-type': 'text/event-stream; charset=utf-8', 'x-accel-buffering': 'no' },
    });
  }

  get size(): number {
    return this.#streams.size;
  }

  close(): void {
    for (const stream of [...this.#streams]) this.#end(stream);
  }

  #add(stream: Stream): void {
    this.#streams.add(stream);
    this.#release ??= this.#reader.hold();
    this.#timer ??= setInterval(() => this.#tell(), EVERY_MS).unref();
  }

  #remove(stream: Stream): void {
    this.#streams.delete(stream);
    if (this.#streams.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#release?.();
    this.#release = undefined;
  }

  #end(stream: Stream): void {
    this.#remove(stream);
    try {
      stream.controller.close();
    } catch {
      // The browser has closed it.
    }
  }

  #tell(): void {
    const now = Date.now();
    const { version } = this.#reader.snapshot;
    const isNews = version !== this.#told;
    if (!isNews && now - this.#toldAt < COMMENT_MS) return;
    this.#told = version;
    this.#toldAt = now;
    const message = bytes(isNews ? this.#tick() : ': still there\n\n');
    for (const stream of [...this.#streams]) {
      if (now > stream.until) this.#end(stream);
      // Who does not read gets no more: a second message says nothing that the next one does not.
      else if ((stream.controller.desiredSize ?? 0) > -8) stream.controller.enqueue(message);
    }
  }

  #tick(): string {
    const { snapshot } = this.#reader;
    const data = { version: snapshot.version, problem: snapshot.problem !== undefined, counts: this.#counts(snapshot) };
    return `event: tick\ndata: ${JSON.stringify(data)}\n\n`;
  }
}

function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
