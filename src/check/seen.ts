/** A Redis that was reached: what every probe is given. */
import type { Settings } from '../config/settings.js';
import type { Connection } from '../redis/connection.js';
import type { Info } from './info.js';

export interface RedisSeen {
  readonly connection: Connection;
  readonly settings: Settings;
  /** The address as it may be shown. */
  readonly uri: string;
  /** undefined: our user may not ask. */
  readonly info: Info | undefined;
}
