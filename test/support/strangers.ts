/** Listeners that are not Redis: one that accepts and never answers, and some that answer something else. */
import { createServer, type Socket } from 'node:net';

export interface Stranger {
  readonly port: number;
  readonly uri: string;
  /** The number of accepted connections. */
  readonly accepted: number;
  close(): Promise<void>;
}

/** @param greet called for each connection; default nothing */
export async function startStranger(greet: (socket: Socket) => void = () => {}): Promise<Stranger> {
  const sockets = new Set<Socket>();
  let accepted = 0;
  const server = createServer((socket) => {
    accepted++;
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
    // Without a reader the end of the connection would not be noticed.
    socket.resume();
    greet(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  return {
    port,
    uri: `redis://127.0.0.1:${port}/`,
    get accepted() {
      return accepted;
    },
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

/** The answer of an HTTP server to an invalid request. */
export const speakHttp = (socket: Socket) => {
  socket.once('data', () => socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n'));
};

export const speakSsh = (socket: Socket) => {
  socket.write('SSH-2.0-OpenSSH_9.2p1\r\n');
};

export const echo = (socket: Socket) => {
  socket.pipe(socket);
};
