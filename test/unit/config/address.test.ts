import { describe, expect, test } from 'vitest';
import { hashTagOf, readAddress, requireHashTag } from '../../../src/config/address.js';
import { resolveSettings } from '../../../src/config/load.js';
import { checkUri } from '../../../src/config/uri.js';

describe('readAddress', () => {
  test('reads Sentinels', () => {
    expect(
      readAddress('redis+sentinel://u:p%40ss@host,10.0.0.2:26380,[::1]:1/my%20master/3?sentinelPassword=x%26y'),
    ).toEqual({
      kind: 'sentinel',
      tls: false,
      nodes: [
        { host: 'host', port: 26379 },
        { host: '10.0.0.2', port: 26380 },
        { host: '::1', port: 1 },
      ],
      login: { username: 'u', password: 'p@ss' },
      master: 'my master',
      database: 3,
      sentinelLogin: { password: 'x&y' },
    });
    expect(readAddress('rediss+sentinel://:p@h/m/')).toMatchObject({
      tls: true,
      database: 0,
      login: { password: 'p' },
    });
  });

  test('reads a Cluster', () => {
    expect(readAddress('rediss+cluster://u:p@a:7000,b/')).toEqual({
      kind: 'cluster',
      tls: true,
      nodes: [
        { host: 'a', port: 7000 },
        { host: 'b', port: 6379 },
      ],
      login: { username: 'u', password: 'p' },
    });
  });

  test.each([
    ['redis://h', { at: { host: 'h', port: 6379 } }],
    [
      'rediss://u:p%40ss@h:1/2',
      { tls: true, login: { username: 'u', password: 'p@ss' }, at: { host: 'h', port: 1 }, database: 2 },
    ],
    ['redis://:p@ss@[::1]:1', { login: { password: 'p@ss' }, at: { host: '::1', port: 1 } }],
    ['redis://h:1/3/', { at: { host: 'h', port: 1 }, database: 3 }],
    ['redis://:6380/3', { at: { host: 'localhost', port: 6380 }, database: 3 }],
    ['redis:///3', { at: { host: 'localhost', port: 6379 }, database: 3 }],
    ['redis://', { at: { host: 'localhost', port: 6379 } }],
    ['redis://h?db=3', { at: { host: 'h', port: 6379 }, database: 3 }],
    ['rediss://h/1?db=3#x', { tls: true, at: { host: 'h', port: 6379 }, database: 3 }],
    ['redis://h/1?db=', { at: { host: 'h', port: 6379 }, database: 1 }],
    [
      'redis://h/?db=1&db=2&pool_size=10&nonsense',
      { at: { host: 'h', port: 6379 }, database: 2, ignored: ['pool_size', 'nonsense'] },
    ],
    [
      'unix://u:p@/a%20b?db=2&x=1',
      { at: { path: '/a b' }, login: { username: 'u', password: 'p' }, database: 2, ignored: ['x'] },
    ],
  ])('%s is one server', (uri, wanted) =>
    expect(readAddress(uri)).toEqual({ kind: 'single', tls: false, login: {}, database: 0, ignored: [], ...wanted }),
  );

  test.each([
    ['redis+sentinel://h:26379', "the master's name"],
    ['redis+sentinel://h:26379/m/x', "the master's name"],
    ['redis+sentinel://h:99999/m', 'host or host:port'],
    ['redis+sentinel://h,,g/m', 'host or host:port'],
    ['redis+sentinel:///m', 'host or host:port'],
    ['redis+sentinel://u:p@ss@h/m', 'percent-encoded'],
    ['redis+sentinel://u:100%@h/m', 'stray %'],
    ['redis+sentinel://h/m?password=x', 'only sentinelUsername'],
    ['redis+cluster://h/1', 'no other database'],
    ['redis+cluster://h:x', 'host or host:port'],
  ])('%s is refused in words', (uri, words) => {
    expect(readAddress(uri)).toMatchObject({ kind: 'wrong', problem: expect.stringContaining(words) });
    expect(() => checkUri(uri)).toThrow(/^must be redis\+(sentinel|cluster):\/\//);
  });
});

describe('the hash tag', () => {
  test.each([
    ['{resque}:', 'resque'],
    ['a{b}c{d}', 'b'],
    ['{a{b}', 'a{b'],
    ['resque:', undefined],
    ['{}:', undefined],
    ['{}{a}', undefined],
    ['{resque:', undefined],
  ])('of %j is %j', (namespace, tag) => expect(hashTagOf(namespace)).toBe(tag));

  test('is required in a Cluster, and asked for in words', () => {
    expect(requireHashTag('{resque}:')).toBe('resque');
    const settings = { queues: 'q', uri: 'redis+cluster://h' };
    expect(() => resolveSettings(settings)).toThrow('the namespace needs a hash tag, and "resque:" has none');
    expect(resolveSettings({ ...settings, namespace: '{resque}:' }).settings.namespace).toBe('{resque}:');
  });
});

test('a client certificate needs its key', () => {
  const settings = { queues: 'q', tlsClientCertPath: import.meta.filename };
  expect(() => resolveSettings(settings)).toThrow('-tls-client-cert and -tls-client-key need each other');
});
