/** What is asked of the client package: address, TLS, timeouts. Pure but for reading certificate files. */
import { readFileSync } from 'node:fs';
import type { Login, RedisNode } from '../config/address.js';
import type { Mode } from './connection.js';

/** The part of the settings that says how to connect. */
export interface ConnectSettings {
  readonly uri: string;
  /** The prefix of all keys: says which node of a Cluster is ours, and what the ACL must allow. */
  readonly namespace?: string;
  readonly tlsCertPath?: string | undefined;
  readonly tlsClientCertPath?: string | undefined;
  readonly tlsClientKeyPath?: string | undefined;
  readonly skipTLSVerify?: boolean;
  /** More than 0: the ACL must allow WAIT. */
  readonly waitReplicas?: number;
}

/** Plain data, so that it can be handed to a thread. */
export interface ConnectOptions extends ConnectSettings {
  /** Shown by CLIENT LIST. */
  readonly name: string;
  /** A connection on which replies are owed and none has come for so long is replaced. Milliseconds; 0: never. */
  readonly silenceMs: number;
}

/** The server or node to connect to. */
export interface Target {
  readonly at: RedisNode | { readonly path: string };
  readonly tls: boolean;
  readonly login: Login;
  readonly database: number;
}

/** Takes what is needed from the settings; nothing else of them is handed on. */
export function connectOptions(settings: ConnectSettings, name: string, silenceMs: number): ConnectOptions {
  const { uri, namespace, tlsCertPath, tlsClientCertPath, tlsClientKeyPath, skipTLSVerify, waitReplicas } = settings;
  const tls = { tlsCertPath, tlsClientCertPath, tlsClientKeyPath, skipTLSVerify: skipTLSVerify ?? false };
  return { uri, namespace: namespace ?? '', waitReplicas: waitReplicas ?? 0, ...tls, name, silenceMs };
}

/** A worker's connection on which replies are owed and none has come for so long is replaced. */
export const SILENCE_MS = 15_000;

/** For a connection of a worker. */
export function workerConnectOptions(settings: ConnectSettings, role: 'engine' | 'heartbeat'): ConnectOptions {
  return connectOptions(settings, `tsworker:${process.pid}:${role}`, SILENCE_MS);
}

/** How long a server may take to accept a connection. */
const CONNECT_MS = 5000;

export function clientOptions(options: ConnectOptions, target: Target, mode: Mode) {
  return {
    ...target.login,
    database: target.database,
    name: options.name,
    emitInvalidate: mode === 'tracking',
    // A call must fail at once when the connection is lost: only the caller knows whether it may be sent again.
    disableOfflineQueue: true,
    // The client's timeout for unsent commands makes a timer for each command and serves nothing without a queue.
    commandOptions: { timeout: 0 },
    maintNotifications: 'disabled',
    socket: {
      // Reconnecting is reconnecting-connection.ts' matter.
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
    // Read at each new connection: a certificate that was renewed meanwhile counts.
    ...(ca === undefined ? {} : { ca: readFileSync(ca) }),
    ...(cert === undefined || key === undefined ? {} : { cert: readFileSync(cert), key: readFileSync(key) }),
    ...(options.skipTLSVerify ? { rejectUnauthorized: false } : {}),
    // An IP address is no server name.
    ...(/^[\d.]+$|:/.test(at.host) ? {} : { servername: at.host }),
  };
}
