/**
 * Notifies systemd: ready, stopping, alive (watchdog), and a status text. Node has no Unix datagram sockets, so the
 * message is sent by systemd's own `systemd-notify`. Without NOTIFY_SOCKET nothing happens.
 */
import { execFile } from 'node:child_process';
import type { Logger } from 'pino';

type Env = Readonly<Record<string, string | undefined>>;

export interface Systemd {
  /** The worker is ready. Starts the watchdog timer if systemd wants one. */
  ready(status: string): void;
  /** Shown by `systemctl status`. */
  status(text: string): void;
  stopping(): void;
  /** Ends the watchdog timer. */
  close(): void;
}

/** Time limit for `systemd-notify`, long enough for a busy machine. */
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
        if (error !== null && !troubled) log.warn({ err: error }, 'systemd-notify failed: systemd is not notified');
        troubled = error !== null;
        resolve();
      });
    });
  // One after the other: the last message must arrive last.
  const send = (...message: string[]) => {
    waiting++;
    last = last.then(() => carry(message)).finally(() => void waiting--);
  };
  // On a busy machine pings must not delay other messages: a ping is skipped while something waits.
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

/** A third of systemd's watchdog timeout, in milliseconds. 0: no watchdog, or one for another process. */
function watchdogMs({ WATCHDOG_USEC, WATCHDOG_PID }: Env): number {
  if (WATCHDOG_PID !== undefined && WATCHDOG_PID !== String(process.pid)) return 0;
  return Math.floor(Number(WATCHDOG_USEC ?? 0) / 3000) || 0;
}

/** The environment for child processes, which must not notify systemd. */
export function withoutSystemd(env: Env): Record<string, string | undefined> {
  const { NOTIFY_SOCKET: _socket, WATCHDOG_USEC: _usec, WATCHDOG_PID: _pid, ...rest } = env;
  return rest;
}
