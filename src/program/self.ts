/** What a job module imports as 'tsworker', for the loader: this copy of the package, and never a second one. */

/** By its address: it exports again what ends up here, and nobody below it should have to know it. */
export async function self(): Promise<Readonly<Record<string, unknown>>> {
  return await import(new URL('../index.js', import.meta.url).href);
}
