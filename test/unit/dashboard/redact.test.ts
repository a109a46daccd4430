import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Redactor } from '../../../src/dashboard/redact/redactor.js';
import { FailedEntry } from '../../../src/inspect/failed/entry.js';
import { isSecretName, maskText } from '../../../src/inspect/secrets.js';

describe('names of secrets', () => {
  test.each(['password', 'userPassword', 'DB_PASS', 'dbpass', 'passwd', 'secret', 'clientSecret', 'API-KEY', 'apiKey'])(
    '%s is one',
    (name) => expect(isSecretName(name)).toBe(true),
  );
  test.each(['accessToken', 'Authorization', 'set-cookie', 'cardNumber', 'creditcard', 'cvv', 'ssn', 'iban', 'auth'])(
    '%s is one',
    (name) => expect(isSecretName(name)).toBe(true),
  );
  test.each(['passenger', 'author', 'className', 'cardinality', 'id', 'keyboard', 'scorecardinal', 'name'])(
    '%s is none',
    (name) => expect(isSecretName(name)).toBe(false),
  );
});

describe('a text', () => {
  test.each([
    ['cannot log in: password=hunter2', 'cannot log in: password=[masked]'],
    ['{:password=>"hun ter\\"2", :id=>7}', '{:password=>[masked], :id=>7}'],
    ["{'api_key': 'abc', 'id': 7}", "{'api_key': [masked], 'id': 7}"],
    ['body "{\\"token\\":\\"a\\\\\\"bc\\",\\"id\\":7}"', 'body "{\\"token\\":[masked],\\"id\\":7}"'],
    ['Authorization: Bearer abc.def\nHost: x', 'Authorization: [masked]\nHost: x'],
    ['with header auth=Bearer abc and more', 'with header auth=[masked] and more'],
    ['API key: sk_live_1 is bad', 'API key: [masked] is bad'],
    ['connect redis://:p@ss@db:6379/0 failed', 'connect redis://[masked]@db:6379/0 failed'],
    ['connect redis://u:p/ss@db:6379 failed', 'connect redis://[masked]@db:6379 failed'],
    ['GET http://web:80/users/@ada?q=1', 'GET http://web:80/users/@ada?q=1'],
    ['POST https://web/login?user=ada&password=x&next=/', 'POST https://web/login?user=ada&password=[masked]&next=/'],
    ['jwt eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc-_ expired', 'jwt [masked] expired'],
    ['x-eyJhbGciOi.a.b.c.d.e.f, eyJshort.x', 'x-[masked].e.f, eyJshort.x'],
    ['a.eyJhbGciOi.b and eyJhbGciOi', 'a.[masked] and eyJhbGciOi'],
    ['-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY----- is bad', '[masked] is bad'],
    ['-----BEGIN PRIVATE KEY-----\nMIIE cut off', '[masked]'],
    ['Token::Refresh failed, PasswordError: too short', 'Token::Refresh failed, PasswordError: too short'],
    ['token={"a": {"b": "x"}} left', 'token=[masked] left'],
    [
      "Cannot read properties of undefined (reading 'percent')",
      "Cannot read properties of undefined (reading 'percent')",
    ],
  ])('%j', (text, masked) => expect(maskText(text)).toBe(masked));

  test('of any kind takes time by its length alone', () => {
    for (const unit of ['password=', 'a.', '-----BEGIN A-----', 'http://', 'eyJ', '\\', 'token={', '"', 'key: ', '@:/'])
      expect(maskText(unit.repeat(500_000 / unit.length)).length).toBeGreaterThan(0);
  });
});

/* Letters that nothing else is made of. */
const secret = fc.stringMatching(/^[QZXJ]{12,24}$/);
const harmless = fc.stringMatching(/^[a-i ]{0,12}$/);
const secretName = fc.constantFrom(
  'password',
  'apiKey',
  'access_token',
  'Authorization',
  'cookie',
  'client-secret',
  'iban',
);
const plainName = fc.constantFrom('id', 'user', 'items', 'note');

/** A value with the secret below a name that tells, at any depth; the secret may be any part of that value. */
const planted = (value: string) => {
  const below = fc.letrec<{ hidden: unknown; any: unknown }>((tie) => ({
    hidden: fc.oneof(
      fc.constant(value),
      fc.array(fc.constant(value), { maxLength: 2, minLength: 1 }),
      fc.record({ a: fc.constant(value), b: fc.constant({ [value]: 1 }) }),
      fc.constant(`{"deeper":"${value}"}`),
    ),
    any: fc.oneof(
      { maxDepth: 4 },
      fc.tuple(secretName, tie('hidden')).map(([name, hidden]) => ({ note: 'x', [name]: hidden })),
      fc.tuple(plainName, tie('any')).map(([name, inner]) => ({ [name]: inner })),
      tie('any').map((inner) => [1, inner, 'b']),
      tie('any').map((inner) => JSON.stringify(inner)),
      fc.constant(`see https://ada:${value}@example.com/`),
      fc.constant(`password=${value}`),
      fc.constant(`eyJhbGciOiJI.${value}.x`),
    ),
  }));
  return below.any;
};

describe('a planted secret', () => {
  test('stands in no shown byte of payload, message, backtrace or exception', () => {
    const scenario = secret.chain((value) => fc.tuple(fc.constant(value), planted(value), harmless));
    const redactor = new Redactor();
    fc.assert(
      fc.property(scenario, fc.boolean(), ([value, arg, words], rails) => {
        const args = rails ? [{ job_class: 'Mail', arguments: [arg, 7] }] : [arg, 7];
        const name = rails ? 'ActiveJob::QueueAdapters::ResqueAdapter::JobWrapper' : 'Mail';
        const entry = {
          payload: { class: name, args },
          error: `${words} ${JSON.stringify(arg)}`,
          exception: `password=${value}`,
          backtrace: ['a.rb:1', `-----BEGIN KEY-----`, value, '-----END KEY-----', `token: ${value}`],
        };
        const shown = JSON.stringify(redactor.failure(new FailedEntry(Buffer.from(JSON.stringify(entry)))));
        expect(shown).not.toContain(value);
        expect(shown).toContain('[masked]');
      }),
      { numRuns: 1000 },
    );
  });

  test('by its position: neither in the payload nor where the message repeats it', () => {
    const redactor = new Redactor({ args: { 'Users::Reset': [1], Mail: [0] } });
    fc.assert(
      fc.property(secret, fc.constantFrom('plain', 'rails', 'nested'), (value, how) => {
        const given = how === 'nested' ? { a: [`${value}"`, 1] } : value;
        const payload =
          how === 'rails'
            ? {
                class: 'ActiveJob::QueueAdapters::ResqueAdapter::JobWrapper',
                args: [{ job_class: 'Users::Reset', arguments: ['ada', given] }],
              }
            : { class: 'Users::Reset', args: ['ada', given] };
        const entry = {
          payload,
          error: `no way with ${JSON.stringify(given)}, ada`,
          backtrace: [how === 'nested' ? `x ${value}"` : `x ${value}`],
        };
        const shown = redactor.failure(new FailedEntry(Buffer.from(JSON.stringify(entry))));
        expect(JSON.stringify(shown)).not.toContain(value);
        expect(shown.payload).toContain('ada');
        expect(shown.error).toContain('ada');
      }),
    );
  });

  test('by a name of their own choice', () => {
    const redactor = new Redactor({ keys: ['Kennwort'] });
    expect(redactor.payload('{"class":"A","args":[{"db_kennwort":"x"}]}')).toBe(
      '{"class":"A","args":[{"db_kennwort":"[masked]"}]}',
    );
    expect(redactor.text('kennwort: x')).toBe('kennwort: [masked]');
  });
});

describe('what holds no secret', () => {
  const redactor = new Redactor({ args: { Mail: [9] } });

  test('stays byte for byte, whatever JSON it is', () => {
    const plain = fc
      .jsonValue({ noUnicodeString: false })
      .filter((value) => maskText(JSON.stringify(value)) === JSON.stringify(value));
    fc.assert(
      fc.property(plain, fc.nat(3), (value, indent) => {
        const json = JSON.stringify({ class: 'Mail', args: [value] }, undefined, indent);
        fc.pre(!/pass|token|auth|card|pwd|secret/i.test(json));
        expect(redactor.payload(json)).toBe(json);
      }),
    );
    const exact = '{ "class":"Mail", "args":[ 12345678901234567890, 1.0, 1e3, "\\u00e4" ] }';
    expect(redactor.payload(exact)).toBe(exact);
  });

  test('any bytes are read, and nothing throws', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        redactor.failure(new FailedEntry(Buffer.from(bytes)));
        redactor.payload(Buffer.from(bytes).toString());
      }),
    );
    const deep = `{"class":"Mail","args":[${'['.repeat(200_000)}${']'.repeat(200_000)}]}`;
    expect(redactor.payload(deep)).toBe(deep);
  });
});

test.each([1, 2, 3, 4, 5, 6])('a secret in JSON that was quoted %i times is masked', (times) => {
  let text = JSON.stringify({ note: 'x', password: '{"deeper":"hunter2"}' });
  for (let i = 0; i < times; i++) text = JSON.stringify(text);
  expect(maskText(`failed with ${text}`)).not.toContain('hunter2');
});

test('what is long is masked as well, and takes no longer for how it is written', () => {
  const redactor = new Redactor();
  const long = 'a'.repeat(20_000_000);
  const masked = redactor.payload(JSON.stringify({ class: 'A', args: [long, { password: long }] }));
  expect(masked.length).toBeLessThan(long.length + 100);
  expect(maskText(`-----BEGIN RSA KEY-----${long}-----END RSA KEY----- x`)).toBe('[masked] x');
  // Quadratic, it would take minutes.
  const tokens = 'eyJabcd-'.repeat(250_000);
  expect(maskText(tokens)).toBe(tokens);
  expect(maskText(`${tokens}.x`)).toBe('[masked]');
});
