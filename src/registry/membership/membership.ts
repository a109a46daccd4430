/**
 * How a worker process is registered: it registers, sends heartbeats and unregisters by itself (single process), or its
 * supervisor does, and the process takes over when the supervisor is gone.
 */
import type { Connection, OpenedConnection } from '../../redis/connection.js';
import type { ConnectOptions } from '../../redis/options.js';
import { createScheduler, type SchedulerData } from '../../scheduler/create.js';
import type { Scheduler, SchedulerMessage } from '../../scheduler/scheduler.js';
import type { Service } from '../../service.js';
import { serverTimeMs } from '../clock.js';
import { ControlChannel, type ControlOrder, type OrderMessage } from '../control.js';
import { Heartbeat } from '../heartbeat/heartbeat.js';
import { ThreadedHeartbeat } from '../heartbeat/threaded.js';
import type { HeartbeatMessage, HeartbeatOptions } from '../heartbeat-options.js';
import type { Identity } from '../identity.js';
import { type OwnState, StatePublisher, WORKING } from '../processes/process-state.js';
import { register, unregister } from '../register.js';

export interface Membership {
  /** Resolves when the workers are registered and have a heartbeat: claims may begin. */
  enter(connection: OpenedConnection): Promise<Identity>;
  /** Redis reported a change, or the connection was restored. */
  look?(): void;
  /** Publishes the state of this process: paused, draining. */
  show?(state: OwnState): void;
  /** Unregisters. @returns how many workers still have a job in their record, and so stay registered */
  leave(connection: Connection): Promise<number>;
}

export interface OwnMembershipOptions {
  readonly wanted: Identity;
  readonly heartbeat: Omit<HeartbeatOptions, 'identity'>;
  readonly tell: (message: HeartbeatMessage | SchedulerMessage) => void;
  /** Called with each order that arrives on the channel of this process. */
  readonly onOrder: (order: ControlOrder) => void;
  /** Runs a scheduler beside the heartbeat; undefined: none. */
  readonly scheduler?: SchedulerData | undefined;
  /** The connection of the heartbeat thread; undefined: heartbeats share the jobs' event loop and connection. */
  readonly thread: { readonly connect: ConnectOptions; readonly shownUri: string } | undefined;
}

/** Registers, sends heartbeats and unregisters by itself. */
export class OwnMembership implements Membership {
  readonly #options: OwnMembershipOptions;
  #identity: Identity | undefined;
  #heartbeat: Service | undefined;
  #publisher: StatePublisher | undefined;
  #channel: ControlChannel | undefined;
  #scheduler: Scheduler | undefined;
  #state: OwnState = WORKING;

  constructor(options: OwnMembershipOptions) {
    this.#options = options;
  }

  async enter(connection: OpenedConnection): Promise<Identity> {
    const { wanted, thread } = this.#options;
    const startedMs = await serverTimeMs(connection);
    const identity = await register(connection, { ...wanted, startedMs });
    this.#identity = identity;
    const heartbeat = { ...this.#options.heartbeat, identity };
    const publisher = new StatePublisher(connection, identity, heartbeat.pruneAfterMs);
    this.#publisher = publisher;
    publisher.show(() => this.#state);
    const tell = (message: HeartbeatMessage | SchedulerMessage | OrderMessage) => {
      if (message.kind === 'order') return this.#options.onOrder(message.order);
      if (message.kind === 'beat') publisher.repeat();
      this.#options.tell(message);
    };
    const { scheduler } = this.#options;
    this.#heartbeat =
      thread === undefined
        ? new Heartbeat(connection, heartbeat, tell)
        : new ThreadedHeartbeat({ ...thread, heartbeat, scheduler }, tell);
    await this.#heartbeat.start();
    if (thread !== undefined) return identity;
    this.#channel = new ControlChannel(connection, identity);
    await this.#channel.open(this.#options.onOrder, (problem) => tell({ kind: 'unreachable', message: problem }));
    if (scheduler === undefined) return identity;
    this.#scheduler = createScheduler(connection, scheduler, tell);
    await this.#scheduler.start();
    return identity;
  }

  /** To be called for the connection of the jobs, which the scheduler may share. */
  look(): void {
    this.#scheduler?.look();
  }

  show(state: OwnState): void {
    this.#state = state;
    this.#publisher?.show(() => this.#state);
  }

  async leave(connection: Connection): Promise<number> {
    await this.#scheduler?.stop();
    await this.#channel?.close();
    // First the heartbeat: a later one would register the workers again.
    await this.#heartbeat?.stop();
    await this.#publisher?.stop();
    return this.#identity === undefined ? 0 : await unregister(connection, this.#identity);
  }
}

/** The supervisor registers and sends heartbeats; when it is gone, this process does, until it unregisters. */
export class SupervisedMembership implements Membership {
  readonly #registered: Promise<Identity>;
  readonly #beat: (connection: Connection, identity: Identity) => Service;
  #identity: Identity | undefined;
  #connection: Connection | undefined;
  #heartbeat: Service | undefined;
  #orphaned = false;

  /** @param registered resolves with the identity that the supervisor registered; rejects if it is gone before that */
  constructor(registered: Promise<Identity>, beat: (connection: Connection, identity: Identity) => Service) {
    this.#registered = registered;
    this.#beat = beat;
  }

  async enter(connection: Connection): Promise<Identity> {
    this.#connection = connection;
    this.#identity = await this.#registered;
    if (this.#orphaned) this.#takeOver();
    return this.#identity;
  }

  /** The supervisor is gone: takes over the heartbeats. */
  orphan(): void {
    this.#orphaned = true;
    this.#takeOver();
  }

  #takeOver(): void {
    if (this.#connection === undefined || this.#identity === undefined || this.#heartbeat !== undefined) return;
    this.#heartbeat = this.#beat(this.#connection, this.#identity);
    void this.#heartbeat.start();
  }

  async leave(connection: Connection): Promise<number> {
    if (!this.#orphaned || this.#identity === undefined) return 0;
    await this.#heartbeat?.stop();
    return await unregister(connection, this.#identity);
  }
}
