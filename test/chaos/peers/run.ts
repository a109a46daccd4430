/** Stub. */
export async function runPeer(_seed: number, _jobs: number): Promise<string> {
  return '';
}
