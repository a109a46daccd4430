/**
 * A daemon that somebody names with `--peer 'name=command'`, whose jobs are Resque's in the namespace `resque:`. It must
 * know the class `Noop`. In the command, and in its environment, stand:
 *
 *     {uri}          BENCH_URI          redis://127.0.0.1:PORT/, the private Redis
 *     {socket}       BENCH_SOCKET       the path of its unix socket: what the others use, and faster
 *     {queues}       BENCH_QUEUES       the queues, separated by commas
 *     {concurrency}  BENCH_CONCURRENCY  jobs at once
 *
 *     --peer 'goworker=./bench-goworker -uri=unix://{socket} -queues={queues} -concurrency={concurrency}'
 *     --peer 'resque=env REDIS_URL=unix://{socket} QUEUE={queues} rake resque:work'
 */
import { resqueBooks } from '../books/resque.js';
import type { System, WorkerSpec } from './system.js';

export function externalPeer(text: string): System {
  const at = text.indexOf('=');
  if (at < 1) throw new Error(`--peer takes 'name=command', not ${JSON.stringify(text)}`);
  const command = text.slice(at + 1);
  return {
    name: text.slice(0, at),
    version: '',
    books: resqueBooks,
    copies: 1,
    announces: false,
    external: true,
    guess: () => 10_000,
    command: (spec) => {
      const values = valuesOf(spec);
      const filled = command.replaceAll(/\{(\w+)\}/g, (whole, key: string) => values[key] ?? whole);
      const env = Object.fromEntries(
        Object.entries(values).map(([key, value]) => [`BENCH_${key.toUpperCase()}`, value]),
      );
      // exec: the signal that ends the shell would not reach its child.
      return { file: '/bin/sh', args: ['-c', `exec ${filled}`], env };
    },
  };
}

function valuesOf({ socket, tcp = '', queues, concurrency }: WorkerSpec): Record<string, string> {
  return { uri: tcp, socket, queues: queues.join(','), concurrency: String(concurrency) };
}
