/**
 * Standard Schema (standardschema.dev): the interface that zod, valibot and arktype share, copied as the specification
 * recommends, and the check of an argument list. Knows no schema library.
 */
import { TsworkerError } from '../errors.js';

/** A schema of any library that implements Standard Schema, version 1. */
export interface StandardSchema<Input = unknown, Output = Input> {
  readonly '~standard': {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => SchemaResult<Output> | Promise<SchemaResult<Output>>;
    readonly types?: { readonly input: Input; readonly output: Output } | undefined;
  };
}

export type SchemaResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly SchemaIssue[] };

export interface SchemaIssue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/** A schema for an argument list: its input and output are arrays. */
export type ArgsSchema = StandardSchema<readonly unknown[], readonly unknown[]>;

/** The arguments that a producer passes. */
export type InputOf<S extends ArgsSchema> = NonNullable<S['~standard']['types']>['input'];

/** The arguments that `perform` gets: checked, transformed, with defaults. */
export type OutputOf<S extends ArgsSchema> = NonNullable<S['~standard']['types']>['output'];

/** The error for wrong arguments of a job. */
export class ArgumentsError extends TsworkerError {
  override readonly name: string = 'ArgumentsError';
  /** Each problem, with its place: `args[1].email: Invalid email`. */
  readonly problems: readonly string[];

  constructor(className: string, problems: readonly string[]) {
    super('PAYLOAD', `wrong arguments for ${className}: ${problems.join('; ')}`);
    this.problems = problems;
  }
}

/**
 * The argument list as the schema returns it; a promise only if the schema is asynchronous.
 * @throws ArgumentsError (or rejects with it) that names all problems
 */
export function checkArgs(
  schema: ArgsSchema,
  className: string,
  args: readonly unknown[],
): readonly unknown[] | Promise<readonly unknown[]> {
  const result = schema['~standard'].validate(args);
  return result instanceof Promise ? result.then((late) => accept(late, className)) : accept(result, className);
}

function accept(result: SchemaResult<readonly unknown[]>, className: string): readonly unknown[] {
  if (result.issues !== undefined && result.issues !== null) {
    throw new ArgumentsError(className, result.issues.map(describe));
  }
  if (Array.isArray(result.value)) return result.value;
  throw new ArgumentsError(className, ['its schema returns no list; `args` must be the schema of an array or a tuple']);
}

function describe(issue: SchemaIssue): string {
  let place = 'args';
  for (const step of issue.path ?? []) {
    const key = typeof step === 'object' ? step.key : step;
    place += typeof key === 'number' ? `[${key}]` : `.${String(key)}`;
  }
  return `${place}: ${issue.message}`;
}
