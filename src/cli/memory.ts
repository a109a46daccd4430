/** Limits the memory of a command that reads a long list. */
import { setFlagsFromString } from 'node:v8';

/**
 * Collects garbage earlier, since a command reads everything once. Measured with 100,000 failed jobs of 800 bytes: 88
 * MB instead of 140, and a tenth more time. To be called before the connection is made, since the client itself makes
 * garbage.
 */
export function keepSmall(): void {
  setFlagsFromString('--optimize-for-size');
}
