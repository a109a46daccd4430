/**
 * Limits the number of connections, in total and for each address. A new connection beyond the limit closes the oldest
 * idle one, so that silent connections cannot lock others out. Does not know HTTP.
 */
import type { Socket } from 'node:net';

export interface Limits {
  readonly total: number;
  readonly ofOneAddress: number;
}

export class ConnectionLimit {
  readonly #limits: Limits;
  /** The connections with the number of their open requests, the oldest first. */
  readonly #busy = new Map<Socket, number>();

  constructor(limits: Limits) {
    this.#limits = limits;
  }

  admit(socket: Socket): void {
    const { remoteAddress } = socket;
    const same = (other: Socket) => other.remoteAddress === remoteAddress;
    this.#makeRoom(this.#limits.ofOneAddress, [...this.#busy.keys()].filter(same), socket);
    this.#makeRoom(this.#limits.total, [...this.#busy.keys()], socket);
    if (socket.destroyed) return;
    this.#busy.set(socket, 0);
    socket.once('close', () => this.#busy.delete(socket));
  }

  /** A request on it began (1) or was answered (-1). */
  count(socket: Socket, change: 1 | -1): void {
    const busy = this.#busy.get(socket);
    if (busy !== undefined) this.#busy.set(socket, busy + change);
  }

  #makeRoom(most: number, open: readonly Socket[], forOne: Socket): void {
    if (open.length < most || forOne.destroyed) return;
    const idle = open.find((socket) => this.#busy.get(socket) === 0);
    (idle ?? forOne).destroy();
    if (idle !== undefined) this.#busy.delete(idle);
  }
}
