import type { Dashboard, View } from '../routes/page.js';

/** Nothing is inline: the policy of guard/headers.ts lets only our own files in. */
export function Head({
  dashboard,
  title,
  live,
}: {
  readonly dashboard: Dashboard;
  readonly title: string;
  readonly live: boolean;
}): View {
  const { assets, options } = dashboard;
  return (
    <head>
      <meta charset="utf-8" />
      <meta name="viewport" content="width=device-width, initial-scale=1" />
      <meta name="color-scheme" content="light dark" />
      <title>{`${title} · ${options.title}`}</title>
      <link rel="icon" href={assets.path('icon.svg')} type="image/svg+xml" />
      <link rel="stylesheet" href={assets.path('style.css')} />
      {live ? <script src={assets.path('idiomorph.js')} defer={true} /> : null}
      {live ? assets.scripts().map((path) => <script type="module" src={path} />) : null}
    </head>
  );
}
