/** The orders of the supervisor, for a worker that may not be there yet: those that come before it are kept for it. */
import type { Identity } from '../registry/identity.js';
import type { Order } from '../supervisor/messages.js';
import type { WorkerActions } from '../worker/types.js';

/** The supervisor ended this process before it had begun to work. */
export class StoppedEarly extends Error {}

export class ChildOrders {
  readonly registered: Promise<Identity>;
  #register!: (identity: Identity) => void;
  #refuse!: (error: Error) => void;
  #actions: WorkerActions | undefined;
  #early: Order[] = [];

  constructor() {
    this.registered = new Promise((resolve, reject) => {
      this.#register = resolve;
      this.#refuse = reject;
    });
    this.registered.catch(() => {});
  }

  /** How many jobs run. */
  get running(): number {
    return this.#actions?.running() ?? 0;
  }

  obey(actions: WorkerActions): () => void {
    this.#actions = actions;
    for (const order of this.#early.splice(0)) this.hear(order);
    return () => {
      this.#actions = undefined;
    };
  }

  hear(order: Order): void {
    if (order.kind === 'registered') {
      this.#register(order.identity);
      return;
    }
    // A child that is not registered yet would wait for that in vain; one that is does not hear this.
    if (order.kind === 'stop' || order.kind === 'retire')
      this.#refuse(new StoppedEarly('stopped before it was registered'));
    if (this.#actions === undefined) this.#early.push(order);
    else act(this.#actions, order);
  }

  /** The supervisor is gone: end in order, by ourselves. */
  orphan(): void {
    this.#actions?.fault(new Error('the supervisor is gone'));
    this.hear({ kind: 'stop', reason: 'the supervisor is gone' });
  }
}

function act(actions: WorkerActions, order: Order): void {
  switch (order.kind) {
    case 'stop':
    case 'retire':
    case 'abort':
      actions[order.kind](order.reason);
      break;
    case 'processes':
      actions.setProcesses(order.count);
      break;
    case 'pause':
    case 'resume':
    case 'report':
      actions[order.kind]();
      break;
    default:
  }
}
