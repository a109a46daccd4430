/** Passes the orders of the supervisor on to the worker, and keeps those that arrive before there is a worker. */
import type { Identity } from '../registry/identity.js';
import type { Order } from '../supervisor/messages.js';
import type { WorkerActions } from '../worker/types.js';

/** The supervisor stopped this process before it was registered. */
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
    // A child that is not registered yet must not wait for that any more; for a registered one this does nothing.
    if (order.kind === 'stop' || order.kind === 'retire')
      this.#refuse(new StoppedEarly('stopped before it was registered'));
    if (this.#actions === undefined) this.#early.push(order);
    else act(this.#actions, order);
  }

  /** The supervisor is gone: shut down without its order. */
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
      actions[order.kind]('the supervisor');
      break;
    case 'report':
      actions.report();
      break;
    case 'cancel':
      actions.cancel(order);
      break;
    default:
  }
}
