import type { Dashboard, View } from '../routes/page.js';
import { Head } from './head.js';

const TITLES: Readonly<Record<number, string>> = {
  400: 'This cannot be done so',
  401: 'Nobody is logged in',
  403: 'This is not allowed',
  404: 'There is nothing here',
  405: 'This is not answered here',
  409: 'This cannot be done as things are',
  413: 'This is too long',
  421: 'This dashboard has another name',
  429: 'Too often',
  500: 'This page could not be made',
  503: 'Redis does not answer',
};

interface ErrorProps {
  readonly status: number;
  readonly message: string;
  /** Without the frame: nobody knows who asks. */
  readonly bare?: Dashboard;
}

export function ErrorPage({ status, message, bare }: ErrorProps): View {
  const middle = (
    <>
      <h1>{TITLES[status] ?? 'Error'}</h1>
      <p class="problem">{message}</p>
      <p>
        <a href="./">Overview</a>
      </p>
    </>
  );
  if (bare === undefined) return middle;
  return (
    <html lang="en" data-theme="auto">
      <Head dashboard={bare} title="Error" live={false} />
      <body class="bare">
        <main id="main">{middle}</main>
      </body>
    </html>
  );
}
