/** Light, dark, or as the system has it: kept by the browser. */

import { THEME_COOKIE } from '../respond.js';
import { ownAddress } from '../routes/login.js';
import type { Action } from './action.js';

const THEMES = ['auto', 'light', 'dark'] as const;

export const themeAction: Action = {
  name: 'theme',
  target: () => undefined,
  run: async (_ask, form) => {
    const before = form.get('before');
    const next = THEMES[((THEMES as readonly (string | null)[]).indexOf(before) + 1) % THEMES.length];
    return {
      kind: 'done',
      to: ownAddress(form.get('back')),
      note: undefined,
      result: { theme: next },
      cookie: `${THEME_COOKIE}=${next}; Max-Age=31536000; SameSite=Lax`,
    };
  },
};
