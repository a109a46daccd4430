#!/usr/bin/env node
// Starts the command line, and is the only place that exits. Must know nothing else.
import { existsSync } from 'node:fs';

const entry = new URL('../dist/cli.js', import.meta.url);

if (existsSync(entry)) {
  const { main } = await import(entry.href);
  process.exitCode = await main(process.argv.slice(2));
} else {
  process.stderr.write('tsworker: dist/ is missing, so nothing was built yet; run: npm run build\n');
  process.exitCode = 1;
}

// Exits although a job may have left timers or sockets open, but only when everything written has gone out.
process.stdout.write('', () => process.stderr.write('', () => process.exit()));
