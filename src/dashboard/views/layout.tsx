/** The frame of every page: what stands around its middle. */
import type { Child } from 'hono/jsx';
import { duration } from '../../format.js';
import { VERSION } from '../../version.js';
import { NAVIGATION } from '../routes/navigation.js';
import { type Ask, link, type View } from '../routes/page.js';
import { Head } from './head.js';
import { Time } from './parts.js';

interface LayoutProps {
  readonly ask: Ask;
  readonly title: string;
  readonly path: string;
  readonly parent?: string | undefined;
  readonly note: string | undefined;
  /** Only the middle. */
  readonly part: boolean;
  readonly theme: string | undefined;
  /** It is a page of figures, not a question or an error. */
  readonly live: boolean;
  readonly children: Child;
}

export function Layout({ ask, live, title, path, parent, note, part, theme, children }: LayoutProps): View {
  const main = (
    <main id="main" tabindex={-1} data-version={ask.snapshot.version} data-live={live ? 'yes' : undefined}>
      <Problem ask={ask} />
      {note === undefined ? null : (
        <p class="note" role="status" id="note">
          {note}
        </p>
      )}
      {children}
    </main>
  );
  if (part) return main;
  const { dashboard } = ask;
  return (
    <html lang="en" data-theme={themeOf(theme)}>
      <Head dashboard={dashboard} title={title} live={true} />
      <body>
        <a class="skip" href="#main">
          Skip to the content
        </a>
        <Header ask={ask} path={parent ?? path} back={path} theme={themeOf(theme)} />
        {main}
        <footer>
          <span>
            namespace <b>{dashboard.options.namespace}</b> on {dashboard.options.uri}
          </span>
          <span>tsworker {VERSION}</span>
        </footer>
      </body>
    </html>
  );
}

export function themeOf(theme: string | undefined): 'light' | 'dark' | 'auto' {
  return theme === 'light' || theme === 'dark' ? theme : 'auto';
}

interface HeaderProps {
  readonly ask: Ask;
  /** What the navigation marks. */
  readonly path: string;
  readonly back: string;
  readonly theme: string;
}

function Header({ ask, path, back, theme }: HeaderProps): View {
  const { title, color, access } = ask.dashboard.options;
  return (
    <header>
      <a class={`brand${color === undefined ? '' : ` badge ${color}`}`} href="./">
        {title}
      </a>
      <nav aria-label="Pages">
        <ul>
          {NAVIGATION.map((entry) => {
            const count = entry.count?.(ask.snapshot);
            return (
              <li>
                <a
                  href={link(entry.path)}
                  aria-current={entry.path === path ? 'page' : undefined}
                  data-key={`g ${entry.key}`}
                >
                  {entry.title}
                  {count === undefined ? null : (
                    <small id={`count-${entry.path}`}> {count.toLocaleString('en-US')}</small>
                  )}
                </a>
              </li>
            );
          })}
        </ul>
      </nav>
      <div class="tools">
        <span id="live" class="live" />
        <form method="post" action="theme" class="inline">
          <input type="hidden" name="before" value={theme} />
          <input type="hidden" name="back" value={withQuery(back, ask.query)} />
          <button type="submit" data-key="t" title="light, dark, or as the system has it">
            Theme: {theme}
          </button>
        </form>
        <span class="user">
          {ask.user.name} <small>{ask.user.role}</small>
        </span>
        {access.kind === 'login' ? (
          <form method="post" action="logout" class="inline">
            <button type="submit">Log out</button>
          </form>
        ) : null}
      </div>
    </header>
  );
}

function Problem({ ask }: { readonly ask: Ask }): View | null {
  const { problem, figures } = ask.snapshot;
  if (problem === undefined) return null;
  return (
    <p class="problem" role="alert" id="problem">
      Redis has not answered as it should for {duration(Date.now() - problem.since)}: {problem.text}.{' '}
      {figures === undefined ? (
        'Nothing was read yet.'
      ) : (
        <>
          What is shown was read at <Time at={figures.readAt} />.
        </>
      )}
    </p>
  );
}

/** Without what was told on the page. */
function withQuery(path: string, query: URLSearchParams): string {
  const kept = new URLSearchParams([...query].filter(([name]) => name !== 'note'));
  return kept.size > 0 ? `${path}?${kept}` : path;
}
