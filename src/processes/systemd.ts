/**
 * Tells systemd how the daemon is: ready, stopping, alive, and in a few words what it does. Node has no datagram socket
 * of that kind, so systemd's own `systemd-notify` carries the message. Where systemd does not ask, nothing happens.
 */
import { execFile } from 'node:child_process';
import type { Logger } from 'pino';

type Env = Readonly<Record<string, string | undefined>>;

export interface Systemd {
  /** Work has begun. */
  ready(status: string): void;
  /** Shown by `systemctl status`. */
  status(text: string): void;
  stopping(): void;
  /** The watchdog's timer ends. */
  close(): void;
}

/** Long enough for a busy machine; a message that takes longer is not worth waiting for. */
const PATIENCE_MS = 10_000;

const SILENT: Systemd = { ready() {}, status() {}, stopping() {}, close() {} };

export function systemdOf(env: Env, log: Pick<Logger, 'warn'>): Systemd {
  return env.NOTIFY_SOCKET ? notifier(env, log) : SILENT;
}

function notifier(env: Env, log: Pick<Logger, 'warn'>): Systemd {
  let troubled = false;
  let last = Promise.resolve();
  let waiting = 0;
  const carry = (message: readonly string[]) =>
    new Promise<void>((resolve) => {
      execFile('systemd-notify', message, { timeout: PATIENCE_MS }, (error) => {
        if (error !== null && !troubled) log.warn({ err: error }, 'systemd asks to be told, but systemd-notify fails');
        troubled = error !== null;
        resolve();
      });
    });
  // One after the other: what is said last must arrive last.
  const send = (...message: string[]) => {
    waiting++;
    last = last.then(() => carry(message)).finally(() => void waiting--);
  };
  // On a busy machine pings must not queue up before what matters: the next one comes soon.
  const ping = () => {
    if (waiting === 0) send('WATCHDOG=1');
  };
  let alive: NodeJS.Timeout | undefined;
  return {
    ready(status) {
      send('READY=1', `STATUS=${status}`);
      const everyMs = watchdogMs(env);
      if (everyMs > 0) alive ??= setInterval(ping, everyMs).unref();
    },
    status: (text) => send(`STATUS=${text}`),
    stopping: () => send('STOPPING=1', 'STATUS=shutting down: waiting for running jobs'),
    close: () => clearInterval(alive),
  };
}

/** A third of the time after which systemd takes us for hung. 0: nobody watches, or it watches another process. */
function watchdogMs({ WATCHDOG_USEC, WATCHDOG_PID }: Env): number {
  if (WATCHDOG_PID !== undefined && WATCHDOG_PID !== String(process.pid)) return 0;
  return Math.floor(Number(WATCHDOG_USEC ?? 0) / 3000) || 0;
}

/** For processes of ours that are not to speak with systemd. */
export function withoutSystemd(env: Env): Record<string, string | undefined> {
  const { NOTIFY_SOCKET: _socket, WATCHDOG_USEC: _usec, WATCHDOG_PID: _pid, ...rest } = env;
  return rest;
}
