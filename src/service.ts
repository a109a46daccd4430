/** The contract of everything the daemon starts and stops. Both calls may come twice, `stop` also without `start`. */
export interface Service {
  readonly name: string;
  start(): Promise<void>;
  stop(): Promise<void>;
}
