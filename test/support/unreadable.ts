/**
 * Values that a job may throw and that cannot be read like an Error: created by name. Also as JavaScript text, for job
 * modules in a process of their own.
 */
export const UNREADABLE = `({
  frozen: () => Object.freeze(new Error('frozen')),
  sealed: () => Object.seal(new Error('sealed')),
  frozenObject: () => Object.freeze({ message: 'frozen object' }),
  undefined: () => undefined,
  null: () => null,
  text: () => 'a text',
  emptyText: () => '',
  number: () => Number.NaN,
  bigint: () => 10n,
  symbol: () => Symbol('s'),
  function: () => function thrown() {},
  array: () => [1, 2],
  hugeArray: () => new Array(5_000_000).fill('x'),
  nullPrototype: () => Object.create(null),
  circular: () => { const o = {}; o.self = o; return o; },
  throwingToString: () => ({ toString() { throw new Error('toString'); }, [Symbol.toPrimitive]() { throw new Error('toPrimitive'); } }),
  throwingToJSON: () => ({ toJSON() { throw new Error('toJSON'); } }),
  messageWithoutText: () => Object.assign(new Error('x'), { message: { toString: null, [Symbol.toPrimitive]() { throw 1; } } }),
  nameNumber: () => Object.assign(new Error('x'), { name: 5 }),
  nameSymbol: () => Object.assign(new Error('x'), { name: Symbol('n') }),
  stackNumber: () => Object.assign(new Error('x'), { stack: 7 }),
  noStack: () => Object.assign(new Error('x'), { stack: undefined }),
  causeThrows: () => getter('cause'),
  messageThrows: () => getter('message'),
  nameThrows: () => getter('name'),
  stackThrows: () => getter('stack'),
  constructorThrows: () => getter('constructor'),
  errorsThrows: () => getter('errors'),
  anyFieldThrows: () => getter('whatever'),
  symbolsThrow: () => getter(Symbol.toStringTag),
  revoked: () => { const { proxy, revoke } = Proxy.revocable({}, {}); revoke(); return proxy; },
  revokedError: () => { const { proxy, revoke } = Proxy.revocable(new Error('x'), {}); revoke(); return proxy; },
  throwingTraps: () => new Proxy(new Error('x'), new Proxy({}, { get: () => () => { throw new Error('trap'); } })),
  prototypeTrap: () => new Proxy(new Error('x'), { getPrototypeOf() { throw new Error('trap'); } }),
  errorsTrap: () => Object.assign(new Error('x'), { errors: new Proxy([], { get() { throw new Error('trap'); } }) }),
  endlessLength: () => Object.assign(new Error('x'), { errors: { length: Number.POSITIVE_INFINITY } }),
  selfCause: () => { const e = new Error('self'); e.cause = e; return e; },
  selfAggregate: () => { const e = new AggregateError([], 'self'); e.errors.push(e, e); return e; },
  deepCauses: () => { let e = new Error('deepest'); for (let i = 0; i < 20_000; i++) e = new Error('deep', { cause: e }); return e; },
  manyParts: () => new AggregateError(Array.from({ length: 20_000 }, () => new Error('part')), 'many'),
  freshCauses: () => { class Endless extends Error { get cause() { return new Endless('next'); } } return new Endless('endless'); },
  causeFunction: () => Object.assign(new Error('x'), { cause() { throw new Error('cause'); } }),
  hugeMessage: () => new Error('m'.repeat(20_000_000)),
  hugeName: () => Object.assign(new Error('x'), { name: 'n'.repeat(20_000_000) }),
  hugeStack: () => Object.assign(new Error('x'), { stack: '    at f (x.ts:1:1)\\n'.repeat(1_000_000) }),
  hugeField: () => Object.assign(new Error('x'), { response: 'r'.repeat(20_000_000) }),
  manyFields: () => Object.assign(new Error('x'), Object.fromEntries(Array.from({ length: 100_000 }, (_, i) => ['f' + i, i]))),
  surrogates: () => new Error('\\ud800 alone'),
  bigintField: () => Object.assign(new Error('x'), { id: 2n ** 64n }),
  circularField: () => { const e = new Error('x'); e.context = { e, self: {} }; e.context.self = e.context; return e; },
  nullPrototypeError: () => Object.setPrototypeOf(new Error('x'), null),
})`;

/** What the makers above use. */
export const GETTER = `
function getter(key) {
  return Object.defineProperty(new Error('x'), key, { enumerable: true, get() { throw new Error('getter'); } });
}`;

/** The makers, for a test that runs them here. */
export const unreadable = new Function(`${GETTER}; return ${UNREADABLE};`)() as Record<string, () => unknown>;
