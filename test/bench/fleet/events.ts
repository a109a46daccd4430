/** What happens next: a binary heap of events by time. Pure. */
export interface Timed {
  readonly at: number;
}

export class EventQueue<E extends Timed> {
  readonly #heap: E[] = [];

  get size(): number {
    return this.#heap.length;
  }

  add(event: E): void {
    const heap = this.#heap;
    let i = heap.push(event) - 1;
    while (i > 0) {
      const parent = (i - 1) >> 1;
      if (heap[parent].at <= event.at) break;
      heap[i] = heap[parent];
      i = parent;
    }
    heap[i] = event;
  }

  next(): E | undefined {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return first;
    this.#sink(last);
    return first;
  }

  #sink(event: E): void {
    const heap = this.#heap;
    let i = 0;
    for (;;) {
      let child = 2 * i + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && heap[child + 1].at < heap[child].at) child++;
      if (heap[child].at >= event.at) break;
      heap[i] = heap[child];
      i = child;
    }
    heap[i] = event;
  }
}
