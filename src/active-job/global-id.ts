/** GlobalIDs: the names of a Rails application's records. Pure. */
import { KIND } from './values.js';

/** The name of a record of a Rails application: `gid://shop/User/42`. */
export class GlobalId {
  readonly app: string;
  /** Its class: `User`, `Shop::Order`. */
  readonly model: string;
  /** The parts of a composite key are separated by `/`; {@link ids} has them separately. */
  readonly id: string;
  readonly ids: readonly string[];
  readonly params: Readonly<Record<string, string>>;
  /** The exact text. */
  readonly uri: string;

  /** For {@link gid} and {@link parseGlobalId}. */
  constructor(
    uri: string,
    app: string,
    model: string,
    ids: readonly string[],
    params: Readonly<Record<string, string>>,
  ) {
    this.uri = uri;
    this.app = app;
    this.model = model;
    this.ids = ids;
    this.id = ids.join('/');
    this.params = params;
  }

  get [KIND]() {
    return 'globalId' as const;
  }

  toString(): string {
    return this.uri;
  }

  toJSON(): string {
    return this.uri;
  }
}

type Id = string | number | bigint;

/**
 * The GlobalID of a record, as an argument for Rails: `gid('shop', 'User', 42)`.
 * @param app the application's name, as `GlobalID.app` returns it in Ruby
 * @param id a list for a composite key
 * @throws TypeError if the GlobalID would be invalid
 */
export function gid(
  app: string,
  model: string,
  id: Id | readonly Id[],
  params: Readonly<Record<string, string>> = {},
): GlobalId {
  const ids = (Array.isArray(id) ? (id as readonly Id[]) : [id as Id]).map(String);
  const query = new URLSearchParams(params).toString();
  const uri = `gid://${app}/${model}/${ids.map(escapeId).join('/')}${query === '' ? '' : `?${query}`}`;
  const isReadable = ids.every((one) => one !== '' && !/\p{Surrogate}/u.test(one));
  const read = isReadable ? parseGlobalId(uri) : undefined;
  if (read !== undefined && read.app === app && read.model === model) return read;
  throw new TypeError(
    `there is no GlobalID of app ${app}, model ${model}, id ${ids.join('/')}: gid('shop', 'User', 42)`,
  );
}

const URI = /^gid:\/\/([\w.-]+)\/([^/?#\s]+)\/([^?#\s]+)(?:\?([^#\s]*))?$/;

/** @returns undefined if the text is not a GlobalID */
export function parseGlobalId(uri: string): GlobalId | undefined {
  const match = URI.exec(uri);
  if (match === null) return undefined;
  const [, app, model, id, query = ''] = match;
  try {
    const ids = id.split('/').map((part) => decodeURIComponent(part.replaceAll('+', ' ')));
    return new GlobalId(uri, app, model, ids, Object.fromEntries(new URLSearchParams(query)));
  } catch {
    return undefined;
  }
}

/** Like Ruby's CGI.escape: a blank becomes a plus, and `~` is kept. */
function escapeId(id: string): string {
  return new URLSearchParams({ x: id }).toString().slice(2).replaceAll('%7E', '~').replaceAll('*', '%2A');
}
