/** A part of the worker that is started and stopped. Both may be called twice, and `stop` without `start`. */
export interface Service {
  readonly name: string;
  start(): Promise<void>;
  stop(): Promise<void>;
}
