import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readHttp, showHttp } from '../../../src/config/http.js';
import { readSetting } from '../../../src/config/settings-table.js';

describe('-http', () => {
  test.each([
    ['9090', '127.0.0.1:9090'],
    [9090, '127.0.0.1:9090'],
    [' 0 ', '127.0.0.1:0'],
    ['0.0.0.0:9090', '0.0.0.0:9090'],
    ['localhost:80', 'localhost:80'],
    ['[::1]:9090', '[::1]:9090'],
    ['[::]:65535', '[::]:65535'],
  ])('%j is %s', (given, shown) => {
    expect(showHttp(readHttp(given))).toBe(shown);
  });

  test.each([
    ['65536', 'must have a port from 0 to 65535, not 65536'],
    [':9090', 'must have a host before the colon, not ":9090"'],
    ['[]:9090', 'must have a host before the colon'],
    ['', 'must be a port such as 9090, or host:port such as 0.0.0.0:9090 or [::1]:9090, not ""'],
    ['localhost', 'must be a port'],
    ['localhost:', 'must be a port'],
    ['::1:9090', 'must be a port'],
    ['http://localhost:9090', 'must be a port'],
    ['-1', 'must be a port'],
    ['90.5', 'must be a port'],
    [90.5, 'must be a port'],
    [true, 'must be a port'],
    [null, 'must be a port'],
  ])('%j is refused, and the error says what is right', (given, message) => {
    const reading = { folder: '/', warn: () => {} };
    expect(() => readSetting('http', given, '-http', reading)).toThrow(`-http: ${message}`);
  });

  test('says what to write where Go means every interface', () => {
    expect(() => readHttp(':9090')).toThrow(
      expect.objectContaining({ hint: '9090 listens on this machine only, 0.0.0.0:9090 on every interface' }),
    );
  });

  test('reads back what it shows', () => {
    const host = fc.oneof(fc.ipV4(), fc.ipV6(), fc.domain());
    fc.assert(
      fc.property(host, fc.integer({ min: 0, max: 65_535 }), (name, port) => {
        expect(readHttp(showHttp({ host: name, port }))).toEqual({ host: name, port });
      }),
    );
  });
});
