/** Which pids a machine uses, read from a /proc of the test's own. */
import { chmodSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { pidsOfMachine } from '../../../src/registry/processes/machine-pids.js';
import { tempDir } from '../../support/reaper.js';

let proc: string;
beforeEach(() => {
  proc = tempDir('proc');
  namespace('pid:[4026531836]');
  add(1, 'S', '1');
  // In a container, where it is 7.
  add(4711, 'S', '4711\t7');
  writeFileSync(join(proc, 'uptime'), '1 1');
});

function namespace(name: string): void {
  rmSync(join(proc, 'self'), { recursive: true, force: true });
  mkdirSync(join(proc, 'self/ns'), { recursive: true });
  symlinkSync(name, join(proc, 'self/ns/pid'));
}

function add(pid: number, state: string, inNamespaces: string): void {
  mkdirSync(join(proc, String(pid)));
  const text = `Name:\tx (y)\nState:\t${state} (x)\nPid:\t${pid}\nNSpid:\t${inNamespaces}\nNSpgid:\t99\n`;
  writeFileSync(join(proc, String(pid), 'status'), text);
}

test('those of all namespaces', () => {
  expect(pidsOfMachine(proc)).toEqual(new Set([1, 4711, 7]));
});

test('a zombie runs nothing, and a process that ends meanwhile is none', () => {
  add(5, 'Z', '5');
  mkdirSync(join(proc, '6'));
  expect(pidsOfMachine(proc)).toEqual(new Set([1, 4711, 7]));
});

test.each([
  ['we are in a container, and see only what is in it', () => namespace('pid:[4026532198]')],
  ['processes of others are hidden', () => rmSync(join(proc, '1'), { recursive: true })],
  ['a process does not say where it is', () => writeFileSync(join(proc, '4711/status'), 'State:\tS\n')],
  ['there is no /proc', () => rmSync(proc, { recursive: true })],
])('nothing is told where %s', (_, change) => {
  change();
  expect(pidsOfMachine(proc)).toBeUndefined();
});

test.skipIf(process.getuid?.() === 0)('nothing is told where a process may not be looked at', () => {
  chmodSync(join(proc, '4711/status'), 0);
  expect(pidsOfMachine(proc)).toBeUndefined();
});
