/** Errors with Ruby's names, so that Ruby's filters and resque-web recognize them. */
import { TsworkerError } from '../errors.js';

/**
 * An argument that cannot be decoded. Its code shows whether a retry may succeed: PAYLOAD if the payload itself cannot
 * be read, STATE if a record was not found or could not be loaded.
 */
export class DeserializationError extends TsworkerError {
  override readonly name = 'ActiveJob::DeserializationError';

  constructor(message: string, code: 'PAYLOAD' | 'STATE' = 'PAYLOAD', cause?: unknown) {
    super(code, `Error while trying to deserialize arguments: ${message}`, { cause });
  }
}

/** A value that ActiveJob cannot represent. */
export class SerializationError extends TsworkerError {
  override readonly name = 'ActiveJob::SerializationError';

  constructor(message: string) {
    super('PAYLOAD', message);
  }
}

/** No job module has a job of this class. */
export class UnknownJobClassError extends TsworkerError {
  override readonly name = 'ActiveJob::UnknownJobClassError';

  constructor(jobClass: string) {
    super('PAYLOAD', `Failed to instantiate job, class \`${jobClass}\` doesn't exist: no job module registers it`);
  }
}

/** The wrapper of Rails without a job in it. */
export class WrapperError extends TsworkerError {
  override readonly name = 'ArgumentError';

  constructor(wrong: string) {
    super('PAYLOAD', `${wrong}; ActiveJob's wrapper has one argument, an object with a job_class`);
  }
}
