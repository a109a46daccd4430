/** Which versions of Node there are to try, and how to get one of them: from npm, which has them as packages. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { arch, platform } from 'node:os';
import { join } from 'node:path';

/** The oldest that package.json allows, and every line with long-term support after it. */
export const SUPPORTED = ['20.19', '22', '24', '26'] as const;

export interface NodeBinary {
  /** `22.23.3`. */
  readonly version: string;
  /** The folder that node lies in: to be the first on the PATH. */
  readonly dir: string;
}

/**
 * Downloads it into `cache`, unless it is there.
 * @param wanted `22`, `20.19`, `24.9.0`
 * @throws where npm has no such version for this machine
 */
export function fetchNode(wanted: string, cache: string): NodeBinary {
  const name = `node-${platform() === 'win32' ? 'win' : platform()}-${arch()}`;
  const home = join(cache, `node-${wanted}`);
  const dir = join(home, 'node_modules', name, 'bin');
  const binary = join(dir, 'node');
  if (!existsSync(binary)) install(`${name}@${wanted}`, home);
  return { version: execFileSync(binary, ['--version'], { encoding: 'utf8' }).trim().slice(1), dir };
}

function install(spec: string, home: string): void {
  mkdirSync(home, { recursive: true });
  // Without one npm would climb up to the project's.
  writeFileSync(join(home, 'package.json'), '{ "private": true }\n');
  const quiet = ['--no-save', '--no-audit', '--no-fund', '--loglevel=error'];
  // npm's own settings of the run that started us must not lead it elsewhere.
  const env = Object.fromEntries(Object.entries(process.env).filter(([key]) => !/^(npm_|INIT_CWD$)/.test(key)));
  execFileSync('npm', ['install', spec, ...quiet], { cwd: home, env, stdio: ['ignore', 'ignore', 'inherit'] });
}
