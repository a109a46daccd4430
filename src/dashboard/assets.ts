/**
 * The files that the browser loads: read once, named by what is in them, so that it may keep them for ever. The libraries
 * among them are copied here by the build.
 */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { gzipSync } from 'node:zlib';
import { CODE_FOLDER } from '../package-files.js';
import { KEPT } from './guard/headers.js';

interface Asset {
  readonly body: Buffer<ArrayBuffer>;
  readonly gzipped: Buffer<ArrayBuffer>;
  readonly type: string;
}

const OWN = ['style.css', 'icon.svg', 'live.js', 'times.js', 'keys.js', 'select.js'] as const;
/** Those of npm packages: packages.json says which file of which. */
const PACKAGED = ['idiomorph.js'] as const;

const SCRIPTS: readonly AssetName[] = ['live.js', 'times.js', 'keys.js', 'select.js'];

export type AssetName = (typeof PACKAGED)[number] | (typeof OWN)[number];

const TYPES: Readonly<Record<string, string>> = {
  css: 'text/css; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  svg: 'image/svg+xml',
};

export class Assets {
  readonly #byPath = new Map<string, Asset>();
  readonly #paths = new Map<string, string>();

  constructor() {
    for (const name of OWN) this.#add(name, readFileSync(fileOf(name)));
    for (const name of PACKAGED) this.#add(name, readFileSync(packagedFile(name)));
  }

  #add(name: string, body: Buffer<ArrayBuffer>): void {
    const [stem, ext] = name.split('.');
    const path = `${stem}.${createHash('sha256').update(body).digest('hex').slice(0, 10)}.${ext}`;
    this.#paths.set(name, path);
    this.#byPath.set(path, { body, gzipped: gzipSync(body, { level: 9 }), type: TYPES[ext] });
  }

  /** Its address, relative as every other. */
  path(name: AssetName): string {
    return this.#paths.get(name) as string;
  }

  /** Those that every page loads, in this order. */
  scripts(): readonly string[] {
    return SCRIPTS.map((name) => this.path(name));
  }

  respond(path: string, acceptEncoding: string | undefined): Response | undefined {
    const asset = this.#byPath.get(path);
    if (asset === undefined) return undefined;
    const isGzip = /\bgzip\b/.test(acceptEncoding ?? '');
    const headers = { 'content-type': asset.type, 'cache-control': KEPT, vary: 'Accept-Encoding' };
    return new Response(isGzip ? asset.gzipped : asset.body, {
      headers: isGzip ? { ...headers, 'content-encoding': 'gzip' } : headers,
    });
  }
}

function fileOf(name: string): URL {
  return new URL(`dashboard/assets/${name}`, CODE_FOLDER);
}

/** Beside our own where it was built; else, in a checkout, where npm put it. */
function packagedFile(name: string): URL | string {
  const built = fileOf(name);
  if (existsSync(built)) return built;
  const paths = JSON.parse(readFileSync(fileOf('packages.json'), 'utf8')) as Readonly<Record<string, string>>;
  return createRequire(import.meta.url).resolve(paths[name]);
}
