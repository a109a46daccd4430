/** The `_middleware` files of folders with job modules: each is imported once, before the first module that it covers. */
import { TsworkerError } from '../errors.js';
import type { Layer } from '../middleware.js';
import type { JobFile, ModuleFile } from './files.js';
import { registrationsOf } from './global-registrations.js';
import type { ImportModule } from './import.js';
import { layersOf } from './middleware.js';
import { loadProblem } from './problem.js';

export class MiddlewareFiles {
  readonly #importModule: ImportModule;
  readonly #onLoaded: (file: string, layers: readonly Layer[]) => void;
  /** By real path. One that did not load is a problem for each module that it covers. */
  readonly #loaded = new Map<string, Promise<readonly Layer[]>>();

  /** @param onLoaded called once for each file */
  constructor(importModule: ImportModule, onLoaded: (file: string, layers: readonly Layer[]) => void) {
    this.#importModule = importModule;
    this.#onLoaded = onLoaded;
  }

  /**
   * The middleware that covers a module, the outermost first.
   * @throws TsworkerError JOBS if a file does not load, or does not export middleware
   */
  async layersFor({ middleware }: JobFile): Promise<readonly Layer[]> {
    const layers: Layer[] = [];
    for (const file of middleware) {
      const loading = this.#loaded.get(file.path) ?? this.#load(file);
      this.#loaded.set(file.path, loading);
      layers.push(...(await loading));
    }
    return layers;
  }

  async #load(file: ModuleFile): Promise<readonly Layer[]> {
    const loading = registrationsOf(file.path, () => this.#importModule(file));
    const { module, registrations } = await loading.catch(async (thrown) => {
      throw await loadProblem(file, thrown, 'the middleware');
    });
    if (module.default === undefined)
      throw new TsworkerError('JOBS', `${file.name} exports no middleware`, {
        hint: 'It needs a default export: export default defineMiddleware({ … }).',
      });
    if (registrations.length > 0)
      throw new TsworkerError('JOBS', `${file.name} registers a job, which a middleware file cannot`, {
        hint: 'Call register in a job module.',
      });
    const layers = layersOf(module.default, file.name);
    this.#onLoaded(file.name, layers);
    return layers;
  }
}
