import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { checkUri, maskUri, uriFromEnv } from '../../../src/config/uri.js';

describe('checkUri', () => {
  test.each([
    'redis://localhost:6379/',
    'redis://localhost',
    'redis://user:p%40ss@host:6380/3',
    'redis://:pass@[::1]:6379/0',
    'rediss://host/1',
    'unix:///tmp/redis.sock',
    'unix:///tmp/redis.sock?db=2',
    'redis://localhost/3/',
    'redis://:6379/3',
    'redis://localhost?db=3',
    'unix://user:pass@/tmp/redis.sock',
    'redis+sentinel://user:pass@host:26379,host2/mymaster/1?sentinelUsername=u&sentinelPassword=p',
    'rediss+cluster://user:pass@host:7000,host2:7001',
  ])('takes %s', (uri) => expect(checkUri(uri)).toBe(uri));

  test.each([
    '',
    'localhost:6379',
    'http://localhost',
    'redis://host:port/',
    'redis://host:99999',
    'redis://host/abc',
    'redis://host/1/2',
    'redis://host/-1',
    'redis://user:100%@host',
    'unix://tmp.sock',
    'unix:///',
    'unix:///tmp/redis.sock?db=x',
    'redis://host?db=x',
    'rediss://host/1?db=-1',
    'redis://a,b',
  ])('refuses %j', (uri) => expect(() => checkUri(uri)).toThrow(/^must be redis:\/\//));

  test.each([
    ['localhost:6379', 'did you mean redis://localhost:6379?'],
    ['localhost', 'did you mean redis://localhost?'],
    ['10.0.0.1:6379/3', 'did you mean redis://10.0.0.1:6379/3?'],
    ['user:hunter2@host:1', 'did you mean redis://…@host:1?'],
    ['/tmp/redis.sock', 'did you mean unix:///tmp/redis.sock?'],
    ['http://localhost', undefined],
    ['', undefined],
  ])('of %j it guesses what was meant', (uri, hint) => {
    expect(() => checkUri(uri)).toThrow(expect.objectContaining({ hint }));
  });

  test('warns of parameters that do nothing', () => {
    const told: string[] = [];
    checkUri('redis://host/?db=3&pool_size=10&read_timeout=3s&nonsense=1&%1b=', (text) => told.push(text));
    expect(told).toEqual([
      '?pool_size= is an option of go-redis that does nothing here',
      '?read_timeout= is an option of go-redis that does nothing here',
      '?nonsense= is unknown and does nothing; db is the only parameter',
      '?\\u001b= is unknown and does nothing; db is the only parameter',
    ]);
  });

  test('never tells the password', () => {
    expect(() => checkUri('redis://u:hunter2@host:port')).toThrow(/"redis:\/\/u:\*\*\*@host:port"/);
  });
});

describe('maskUri', () => {
  test.each([
    ['redis://localhost:6379/', 'redis://localhost:6379/'],
    ['redis://user:secret@host:1/2', 'redis://user:***@host:1/2'],
    ['redis://:secret@host', 'redis://:***@host'],
    ['redis://secret@host', 'redis://***@host'],
    ['redis://user:se@c/r?et@host', 'redis://user:***@host'],
    ['user:secret@host', 'user:***@host'],
    ['unix://u:secret@/tmp/s?db=1', 'unix://u:***@/tmp/s?db=1'],
    ['redis://host/?password=secret&db=1', 'redis://host/?password=***&db=1'],
    [
      'redis+sentinel://u:secret@h:1,g:2/m/0?sentinelPassword=other',
      'redis+sentinel://u:***@h:1,g:2/m/0?sentinelPassword=***',
    ],
    ['rediss+cluster://:secret@h:1,g:2', 'rediss+cluster://:***@h:1,g:2'],
    // Where nobody can tell what belongs to the secret, all of it is hidden.
    ['redis://u:a?password=b@host', 'redis://***'],
    ['redis+sentinel://u:secret@h/m?sentinelPassword=p@ss', 'redis+sentinel://***'],
  ])('%s is shown as %s', (uri, shown) => expect(maskUri(uri)).toBe(shown));

  test('no password passes through, encoded or not', () => {
    fc.assert(
      fc.property(
        fc.string({ minLength: 1 }),
        fc.constantFrom('redis', 'rediss+sentinel', 'redis+cluster', 'unix', 'x'),
        (password, scheme) => {
          const marked = `<${password}>`;
          expect(maskUri(`${scheme}://user:${marked}@host:1/0`)).toBe(`${scheme}://user:***@host:1/0`);
        },
      ),
    );
  });
});

describe('uriFromEnv', () => {
  test('reads the variable that REDIS_PROVIDER names, else REDIS_URL', () => {
    expect(uriFromEnv({ REDIS_PROVIDER: 'MINE', MINE: 'redis://a', REDIS_URL: 'redis://b' })).toEqual({
      uri: 'redis://a',
      origin: 'MINE (named by REDIS_PROVIDER)',
    });
    expect(uriFromEnv({ REDIS_URL: 'redis://b' })).toEqual({ uri: 'redis://b', origin: 'REDIS_URL' });
    expect(uriFromEnv({ REDIS_URL: '' })).toEqual({ uri: undefined, origin: 'default' });
  });

  test('warns when REDIS_PROVIDER names nothing', () => {
    expect(uriFromEnv({ REDIS_PROVIDER: 'MINE', REDIS_URL: 'redis://b' })).toEqual({
      uri: 'redis://b',
      origin: 'REDIS_URL',
      warning: 'REDIS_PROVIDER names MINE, which is not set',
    });
  });
});
