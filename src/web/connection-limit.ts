/**
 * Lets in so many connections, altogether and from one address, and makes room for a new one by closing the oldest that is
 * idle, so that silent connections cannot keep others out. Knows nothing of HTTP.
 */
import type { Socket } from 'node:net';

export interface Limits {
  readonly total: number;
  readonly ofOneAddress: number;
}

export class ConnectionLimit {
  readonly #limits: Limits;
  /** With the number of requests that are being answered; the oldest first. */
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

  /** A request began on it, or was answered. */
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
