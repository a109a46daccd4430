import type { Dashboard, View } from '../routes/page.js';
import { Head } from './head.js';
import { themeOf } from './layout.js';

interface LoginProps {
  readonly dashboard: Dashboard;
  readonly theme: string | undefined;
  /** There are names to log in by, not a password alone. */
  readonly named: boolean;
  readonly to: string;
  readonly wrong: boolean;
}

export function LoginPage({ dashboard, theme, named, to, wrong }: LoginProps): View {
  return (
    <html lang="en" data-theme={themeOf(theme)}>
      <Head dashboard={dashboard} title="Log in" live={false} />
      <body class="bare">
        <main id="main">
          <h1>{dashboard.options.title}</h1>
          {wrong ? (
            <p class="problem" role="alert">
              {named ? 'This name and password do not belong together.' : 'This is not the password.'}
            </p>
          ) : null}
          <form method="post" action="login" class="stack">
            <input type="hidden" name="to" value={to} />
            {named ? (
              <label>
                Name <input name="name" autocomplete="username" required={true} autofocus={true} />
              </label>
            ) : null}
            <label>
              Password{' '}
              <input
                name="password"
                type="password"
                autocomplete="current-password"
                required={true}
                autofocus={!named}
              />
            </label>
            <button type="submit" class="primary">
              Log in
            </button>
          </form>
        </main>
      </body>
    </html>
  );
}
