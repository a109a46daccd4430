/** `defineMiddleware`, and the check of what a module or the configuration gives as middleware. Runs no hook. */
import { TsworkerError } from '../errors.js';
import type { HookName, Layer, Middleware } from '../middleware.js';

/** A record, so that the compiler misses none. */
const HOOKS: Readonly<Record<HookName, true>> = {
  setup: true,
  teardown: true,
  around: true,
  beforePerform: true,
  afterPerform: true,
  onFailure: true,
  onExhausted: true,
  onDiscard: true,
  beforeEnqueue: true,
  afterEnqueue: true,
};
const NAMES = Object.keys(HOOKS) as HookName[];

/** Ruby's names of the same hooks; `around_perform` may have more behind it, as `around_perform_log_job`. */
const RUBY: readonly (readonly [begin: string, hook: HookName])[] = [
  ['before_perform', 'beforePerform'],
  ['after_perform', 'afterPerform'],
  ['around_perform', 'around'],
  ['on_failure', 'onFailure'],
  ['before_enqueue', 'beforeEnqueue'],
  ['after_enqueue', 'afterEnqueue'],
  ['before_fork', 'setup'],
  ['before_first_fork', 'setup'],
  ['after_fork', 'setup'],
];

/**
 * Gives middleware its types, and checks it. Export it by default from `_middleware.ts` in a folder of job modules, or
 * name it as `middleware` in the configuration.
 * @throws TsworkerError JOBS if a hook is unknown or no function
 */
export function defineMiddleware(middleware: Middleware): Middleware {
  checkOne(middleware, 'defineMiddleware');
  return middleware;
}

/**
 * @param origin names the file or setting, for errors and the log
 * @throws TsworkerError JOBS if it is not middleware or a list of it
 */
export function layersOf(given: unknown, origin: string): readonly Layer[] {
  if (!Array.isArray(given)) return [{ origin, hooks: checkOne(given, origin) }];
  return given.map((one: unknown, i) => ({ origin, hooks: checkOne(one, `${origin}[${i}]`) }));
}

export function hooksIn({ hooks }: Layer): readonly HookName[] {
  return NAMES.filter((name) => hooks[name] !== undefined);
}

function checkOne(given: unknown, where: string): Middleware {
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    throw wrong(`${where}: middleware must be an object of hooks, not ${shown(given)}`);
  for (const [name, value] of Object.entries(given)) {
    if (!Object.hasOwn(HOOKS, name)) throw unknownHook(name, where);
    if (value !== undefined && typeof value !== 'function')
      throw wrong(`${where}: the hook ${name} must be a function, not ${shown(value)}`);
  }
  return given;
}

function unknownHook(name: string, where: string): TsworkerError {
  const plain = name.toLowerCase().replaceAll('_', '');
  const meant = RUBY.find(([begin]) => name.startsWith(begin))?.[1] ?? NAMES.find((one) => one.toLowerCase() === plain);
  const hint = meant === undefined ? `The hooks are ${NAMES.join(', ')}.` : `Did you mean ${meant}?`;
  return new TsworkerError('JOBS', `${where}: there is no hook ${JSON.stringify(name)}`, { hint });
}

function wrong(message: string): TsworkerError {
  return new TsworkerError('JOBS', message, {
    hint: 'For example defineMiddleware({ async around(job, next) { await next(); } }).',
  });
}

function shown(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'string' ? JSON.stringify(value) : `a value of type ${typeof value}`;
}
