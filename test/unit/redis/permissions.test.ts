/** The recorded errors of several versions of Redis and Valkey for a command that the ACL denies. */
import { expect, test } from 'vitest';
import { deniedCommand, isDenied } from '../../../src/redis/permissions.js';

test.each([
  ["NOPERM this user has no permissions to run the 'llen' command or its subcommand", 'llen'],
  ["NOPERM this user has no permissions to run the 'llen' command", 'llen'],
  ["NOPERM User worker has no permissions to run the 'client|tracking' command", 'client|tracking'],
  [
    "ERR ACL failure in script: User worker has no permissions to run the 'zadd' command script: 5d7b, on @user_script:12.",
    'zadd',
  ],
  [
    "ERR The user executing the script can't run this command or subcommand script: eeb8, on @user_script:1.",
    undefined,
  ],
  [
    "ERR The user executing the script can't access at least one of the keys mentioned in the command arguments",
    undefined,
  ],
  ['NOPERM this user has no permissions to access one of the keys used as arguments', undefined],
  ['NOPERM No permissions to access a key', undefined],
  ['ERR ACL failure in script: No permissions to access a key script: 5d7b, on @user_script:12.', undefined],
])('%s', (message, command) => {
  expect(isDenied(new Error(message))).toBe(true);
  expect(deniedCommand(new Error(message))).toBe(command);
});

test.each(['ERR unknown command', 'WRONGTYPE Operation', "ERR unknown command 'llen', with args beginning with:"])(
  '%s is something else',
  (message) => {
    expect(isDenied(new Error(message))).toBe(false);
    expect(deniedCommand(new Error(message))).toBeUndefined();
  },
);
