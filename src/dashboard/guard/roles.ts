/**
 * Who may do what. Every action of the dashboard has a row here, and a route that changes anything cannot be registered
 * without one. Knows no page.
 */

/** Each may do what those before it may. */
export const ROLES = ['viewer', 'operator', 'admin'] as const;
export type Role = (typeof ROLES)[number];

export interface User {
  readonly name: string;
  readonly role: Role;
}

/** The least role that may do it. What is not here cannot be done. */
export const ACTIONS = {
  logout: 'viewer',
  theme: 'viewer',
  pauseall: 'operator',
  resumeall: 'operator',
  pause: 'operator',
  resume: 'operator',
  move: 'operator',
  movejobs: 'operator',
  release: 'operator',
  rundelayed: 'operator',
  runretries: 'operator',
  runschedule: 'operator',
  pauseschedule: 'operator',
  resumeschedule: 'operator',
  canceljob: 'operator',
  quietworker: 'operator',
  resumeworker: 'operator',
  stopworker: 'operator',
  purge: 'admin',
  removejobs: 'admin',
  removequeue: 'admin',
  removedelayed: 'admin',
  removeretries: 'admin',
  prune: 'admin',
  retry: 'operator',
  'retry-newest': 'operator',
  'retry-all': 'operator',
  cancel: 'operator',
  remove: 'admin',
  'remove-all': 'admin',
  undo: 'admin',
  reveal: 'admin',
} as const satisfies Readonly<Record<string, Role>>;

export type ActionName = keyof typeof ACTIONS;

export function isAction(name: string): name is ActionName {
  return Object.hasOwn(ACTIONS, name);
}

export function mayDo({ role }: User, action: ActionName): boolean {
  return ROLES.indexOf(role) >= ROLES.indexOf(ACTIONS[action]);
}

export function isRole(text: unknown): text is Role {
  return ROLES.includes(text as Role);
}

/** Of a dashboard that is read-only nobody may do more than a viewer. */
export function limited(user: User, readOnly: boolean): User {
  return readOnly ? { ...user, role: 'viewer' } : user;
}
