/**
 * Finds the master that a group of Sentinels watches. All are asked at once, and the address that most of them report
 * is used: a Sentinel that is partitioned from the others still reports the old master, where writes would be lost.
 */
import type { RedisNode, SentinelAddress } from '../config/address.js';
import { TsworkerError } from '../errors.js';
import { untilAborted } from './abortable.js';
import { openNode } from './connection.js';
import type { ConnectOptions } from './options.js';
import { failureOf, queryNode } from './query-node.js';
import { FAILOVER_PAUSE_MS, type Locator } from './reconnecting-connection.js';
import { describeServer } from './server.js';

export function sentinelLocator(options: ConnectOptions, address: SentinelAddress): Locator {
  return {
    clustered: false,
    longestPauseMs: FAILOVER_PAUSE_MS,
    locate: () => locate(options, address),
    async open(node, mode, events, signal) {
      const { tls, login, database } = address;
      const connection = await openNode(options, { at: node, tls, login, database }, mode, events, signal);
      const { role } = await untilAborted(describeServer(connection), signal).catch((error: unknown) => {
        connection.drop();
        throw error;
      });
      if (role === undefined || role === 'master') return connection;
      connection.drop();
      throw new Error(`${node.host}:${node.port} is not the master of ${address.master} yet, but a ${role}`);
    },
  };
}

/** The answer of one Sentinel. */
type Answer = { readonly master: RedisNode } | 'unknown' | { readonly failure: string; readonly cause: unknown };

async function locate(options: ConnectOptions, address: SentinelAddress): Promise<RedisNode> {
  const answers: Answer[] = [];
  return await new Promise((resolve, reject) => {
    for (const sentinel of address.nodes)
      void querySentinel(options, address, sentinel).then((answer) => {
        answers.push(answer);
        const winner = mostNamed(answers);
        const votes = winner === undefined ? 0 : votesFor(answers, winner);
        if (winner !== undefined && votes * 2 > address.nodes.length) resolve(winner);
        else if (answers.length < address.nodes.length) return;
        else if (winner !== undefined) resolve(winner);
        else reject(noMasterKnown(answers, address));
      });
  });
}

async function querySentinel(options: ConnectOptions, address: SentinelAddress, sentinel: RedisNode): Promise<Answer> {
  const question = ['SENTINEL', 'GET-MASTER-ADDR-BY-NAME', address.master];
  try {
    const reply = (await queryNode(options, address, sentinel, address.sentinelLogin, question)) as
      | [string, string]
      | null;
    return reply === null ? 'unknown' : { master: { host: reply[0], port: Number(reply[1]) } };
  } catch (error) {
    return { failure: failureOf(sentinel, error), cause: error };
  }
}

function mostNamed(answers: readonly Answer[]): RedisNode | undefined {
  const named = answers.flatMap((answer) => (typeof answer === 'object' && 'master' in answer ? [answer.master] : []));
  return named.sort((a, b) => votesFor(answers, b) - votesFor(answers, a))[0];
}

function votesFor(answers: readonly Answer[], { host, port }: RedisNode): number {
  return answers.filter(
    (answer) =>
      typeof answer === 'object' && 'master' in answer && answer.master.host === host && answer.master.port === port,
  ).length;
}

function noMasterKnown(answers: readonly Answer[], { master }: SentinelAddress): Error {
  if (answers.includes('unknown'))
    return new TsworkerError('REDIS', `no Sentinel knows a master called ${JSON.stringify(master)}`, {
      hint: 'the name after the nodes must be the one in "sentinel monitor <name> …"',
    });
  const failures = answers.flatMap((answer) => (typeof answer === 'object' && 'failure' in answer ? [answer] : []));
  const text = failures.map(({ failure }) => failure).join('; ');
  if (!/WRONGPASS|NOAUTH|NOPERM|no password is set/.test(text))
    return new Error(`no Sentinel answers (${text})`, { cause: failures[0]?.cause });
  return new TsworkerError('REDIS', `the Sentinels rejected the connection: ${text}`, {
    hint: 'their user and password are ?sentinelUsername=…&sentinelPassword=…; those before the @ are for Redis itself',
  });
}
