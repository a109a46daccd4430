/** Options for the client package: address, TLS, timeouts. Pure except for reading certificate files. */
import { readFileSync } from 'node:fs';
import type { Login, RedisNode } from '../config/address.js';

/** The part of the settings that says how to connect. */
export interface ConnectSettings {
  readonly uri: string;
  /** The prefix of all keys. Determines the node of a Cluster, and what the ACL must allow. */
  readonly namespace?: string;
  readonly tlsCertPath?: string | undefined;
  readonly tlsClientCertPath?: string | undefined;
  readonly tlsClientKeyPath?: string | undefined;
  readonly skipTLSVerify?: boolean;
  /** More than 0: the ACL must allow WAIT. */
  readonly waitReplicas?: number;
}

/** Plain data, so that it can be passed to a thread. */
export interface ConnectOptions extends ConnectSettings {
  /** Shown by CLIENT LIST. */
  readonly name: string;
  /** The connection is replaced when replies are due and none has arrived for this time. Milliseconds; 0: never. */
  readonly silenceMs: number;
}

/** The server or node to connect to. */
export interface Target {
  readonly at: RedisNode | { readonly path: string };
  readonly tls: boolean;
  readonly login: Login;
  readonly database: number;
}

/** The features that the server grants. */
export type Mode = 'tracking' | 'resp3' | 'resp2';

/** Takes only the connection options from the settings. */
export function connectOptions(settings: ConnectSettings, name: string, silenceMs: number): ConnectOptions {
  const { uri, namespace, tlsCertPath, tlsClientCertPath, tlsClientKeyPath, skipTLSVerify, waitReplicas } = settings;
  const tls = { tlsCertPath, tlsClientCertPath, tlsClientKeyPath, skipTLSVerify: skipTLSVerify ?? false };
  return { uri, namespace: namespace ?? '', waitReplicas: waitReplicas ?? 0, ...tls, name, silenceMs };
}

/** `silenceMs` of a worker's connections. */
export const SILENCE_MS = 15_000;

/** For a connection of a worker. */
export function workerConnectOptions(settings: ConnectSettings, role: 'engine' | 'heartbeat'): ConnectOptions {
  return connectOptions(settings, `tsworker:${process.pid}:${role}`, SILENCE_MS);
}

/** Time limit for a server to accept a connection. */
const CONNECT_MS = 5000;

export function clientOptions(options: ConnectOptions, target: Target, mode: Mode) {
  return {
    ...target.login,
    database: target.database,
    name: options.name,
    emitInvalidate: mode === 'tracking',
    // Commands must fail at once when the connection is lost: only the caller knows whether to send them again.
    disableOfflineQueue: true,
    // The client's timeout for unsent commands creates a timer for each one, and is useless without an offline queue.
    commandOptions: { timeout: 0 },
    maintNotifications: 'disabled',
    socket: {
      // reconnecting-connection.ts reconnects.
      reconnectStrategy: (_retries: number, cause: Error) => cause,
      connectTimeout: CONNECT_MS,
      ...target.at,
      ...tlsOptions(options, target),
    },
  } as const;
}

function tlsOptions(options: ConnectOptions, { tls, at }: Target) {
  if (!tls || !('host' in at)) return {};
  const { tlsCertPath: ca, tlsClientCertPath: cert, tlsClientKeyPath: key } = options;
  return {
    tls: true as const,
    // Read for each new connection, since certificates may be renewed.
    ...(ca === undefined ? {} : { ca: readFileSync(ca) }),
    ...(cert === undefined || key === undefined ? {} : { cert: readFileSync(cert), key: readFileSync(key) }),
    ...(options.skipTLSVerify ? { rejectUnauthorized: false } : {}),
    // An IP address is not a server name.
    ...(/^[\d.]+$|:/.test(at.host) ? {} : { servername: at.host }),
  };
}
