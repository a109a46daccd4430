/** Errors with the names that Rails gives them, so that Ruby's filters and resque-web show them as they know them. */

/** An argument that cannot be decoded; the payload stays as it was. */
export class DeserializationError extends Error {
  override readonly name = 'ActiveJob::DeserializationError';

  constructor(message: string, options?: { cause?: unknown }) {
    super(`Error while trying to deserialize arguments: ${message}`, options);
  }
}

/** A value that ActiveJob cannot carry. */
export class SerializationError extends Error {
  override readonly name = 'ActiveJob::SerializationError';
}

/** No job module has a job of this class. */
export class UnknownJobClassError extends Error {
  override readonly name = 'ActiveJob::UnknownJobClassError';

  constructor(jobClass: string) {
    super(`Failed to instantiate job, class \`${jobClass}\` doesn't exist`);
  }
}
