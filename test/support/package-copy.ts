/** A copy of the built package in its own folder, which a test may change or remove under a running worker. */
import { cpSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { tempDir } from './reaper.js';
import { projectRoot } from './root.js';

export interface PackageCopy {
  readonly dir: string;
  readonly bin: string;
  readonly dist: string;
  /** Like an upgrade in place. */
  setVersion(version: string): void;
}

export function copyPackage(): PackageCopy {
  const dir = tempDir('package');
  for (const part of ['bin', 'dist', 'package.json'])
    cpSync(join(projectRoot, part), join(dir, part), { recursive: true });
  symlinkSync(join(projectRoot, 'node_modules'), join(dir, 'node_modules'));
  const manifest = join(dir, 'package.json');
  return {
    dir,
    bin: join(dir, 'bin/tsworker.js'),
    dist: join(dir, 'dist'),
    setVersion(version) {
      writeFileSync(manifest, JSON.stringify({ ...JSON.parse(readFileSync(manifest, 'utf8')), version }));
    },
  };
}
