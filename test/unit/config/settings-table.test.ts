import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { envName, type SettingKey } from '../../../src/config/setting-definition.js';
import { readSetting, SCHEMA, SETTING_KEYS } from '../../../src/config/settings-table.js';
import { readBoolean, readNumber } from '../../../src/config/value-parsers.js';

const warnings: string[] = [];
const reading = { folder: '/project', warn: (text: string) => void warnings.push(text) };
const read = (key: SettingKey, value: unknown) => readSetting(key, value, `-${SCHEMA[key].flag}`, reading);

describe('the table', () => {
  test('has every flag once, and an environment variable for each', () => {
    const flags = SETTING_KEYS.map((key) => SCHEMA[key].flag);
    expect(new Set(flags).size).toBe(flags.length);
    expect(envName('exit-on-complete')).toBe('TSWORKER_EXIT_ON_COMPLETE');
    expect(envName('dryRun')).toBe('TSWORKER_DRY_RUN');
  });

  test('has defaults that its own kinds accept', () => {
    for (const key of SETTING_KEYS) {
      const value = SCHEMA[key].fallback({ cwd: '/project', terminal: true });
      if (value !== undefined) expect(read(key, value), key).toEqual(value);
    }
  });
});

describe('numbers', () => {
  test.each(['', ' ', 'abc', '1e400', 'NaN', 'Infinity', '0x10', '0b1', '1,5', '1_000', '--1', '1e'])(
    'refuses %j',
    (text) => {
      expect(readNumber(text)).toBeUndefined();
    },
  );

  test('reads every decimal number back', () => {
    fc.assert(
      fc.property(fc.double({ noDefaultInfinity: true, noNaN: true }), (number) => {
        expect(readNumber(String(number))).toBe(number === 0 ? Number(String(number)) : number);
        expect(readNumber(number)).toBe(number);
      }),
    );
  });

  test.each<[SettingKey, unknown]>([
    ['interval', '0'],
    ['interval', '-1'],
    ['interval', '2147484'],
    ['interval', true],
    ['concurrency', '0'],
    ['concurrency', '100001'],
    ['concurrency', '2.5'],
    ['concurrency', []],
    ['connections', '0'],
    ['grace', '-0.1'],
  ])('%s: %j is out of range, and the error names the flag', (key, value) => {
    expect(() => read(key, value)).toThrow(new RegExp(`^-${key}: must be a `));
  });

  test.each<[SettingKey, unknown, number]>([
    ['grace', '20s', 20],
    ['interval', '5s', 5],
    ['interval', '500ms', 0.5],
    ['interval', ' 1.5s ', 1.5],
    ['timeout', '1h30m', 5400],
    ['heartbeat', '2m', 120],
    ['waitTimeout', '.5s', 0.5],
    ['grace', '0s', 0],
  ])('%s: %j is %d seconds', (key, value, seconds) => expect(read(key, value)).toBe(seconds));

  test('a duration is what its parts add up to, and nothing else is one', () => {
    const units = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };
    const part = fc.record({ size: fc.nat(59), unit: fc.constantFrom(...(['ms', 's', 'm', 'h'] as const)) });
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 4 }), (parts) => {
        const text = parts.map(({ size, unit }) => `${size}${unit}`).join('');
        const ms = parts.reduce((sum, { size, unit }) => sum + size * units[unit], 0);
        expect(read('grace', text)).toBe(ms / 1000);
      }),
    );
    for (const text of ['5x', 's', '5 s', '-5s', '5s5', '1e3s', '5S', '0x5s', '5sec', '1.2.3s', '.s'])
      expect(() => read('grace', text), text).toThrow('500ms, 20s, 5m or 1h30m');
    expect(() => read('interval', '0s')).toThrow('more than 0');
    expect(() => read('interval', '597h')).toThrow('at most 2147483');
    expect(() => read('waitTimeout', '11s')).toThrow('at most 10, not "11s"');
  });

  test('takes the ends of the range', () => {
    expect(read('concurrency', '100000')).toBe(100_000);
    expect(read('interval', '.001')).toBe(0.001);
    expect(read('grace', 0)).toBe(0);
  });
});

describe('booleans', () => {
  test.each(['1', 't', 'T', 'true', 'TRUE', 'True'])('%s is true', (text) => expect(readBoolean(text)).toBe(true));
  test.each(['0', 'f', 'F', 'false', 'FALSE', 'False'])('%s is false', (text) => expect(readBoolean(text)).toBe(false));
  test.each(['', 'yes', 'tRUE', 'on', 1, null])('%j is neither', (value) => expect(readBoolean(value)).toBeUndefined());
});

describe('the other kinds', () => {
  test('paths are made absolute', () => {
    expect(read('jobs', 'a, b/c')).toEqual(['/project/a', '/project/b/c']);
    expect(read('jobs', ['a,b', '/c', '/c'])).toEqual(['/project/a,b', '/c']);
    expect(() => read('jobs', '')).toThrow(/^-jobs: must be the path/);
    expect(() => read('jobs', [1])).toThrow(/^-jobs: must be the path/);
  });

  test('a certificate must be a file that can be read', () => {
    expect(() => read('tlsCertPath', 'none.pem')).toThrow(
      '-tls-cert: must be a file that can be read: /project/none.pem',
    );
    expect(() => read('tlsCertPath', '/')).toThrow('is not a file');
    expect(read('tlsCertPath', import.meta.filename)).toBe(import.meta.filename);
  });

  test('a label holds no colon, comma or blank', () => {
    for (const label of ['', 'a:b', 'a,b', 'a b'])
      expect(() => read('label', label)).toThrow(/^-label: must be a name/);
    expect(SCHEMA.label.fallback({ cwd: '/', terminal: false })).toMatch(/^[^:,\s]+\.ts$/);
  });

  test('a namespace without a colon at the end is a warning', () => {
    warnings.length = 0;
    expect(read('namespace', '')).toBe('');
    expect(read('namespace', '{resque}:')).toBe('{resque}:');
    expect(warnings).toEqual(['-namespace: the namespace "" does not end in ":"; Resque\'s does']);
  });

  test('choices are named', () => {
    expect(() => read('logFormat', 'xml')).toThrow('-log-format: must be one of json, pretty, not "xml"');
  });

  test('any value of any type is read or refused with its flag', () => {
    fc.assert(
      fc.property(fc.constantFrom(...SETTING_KEYS), fc.anything(), (key, value) => {
        try {
          read(key, value);
        } catch (error) {
          expect(error).toMatchObject({ code: 'USAGE', message: expect.stringMatching(`^-${SCHEMA[key].flag}: `) });
        }
      }),
    );
  });
});
