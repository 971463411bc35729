#!/usr/bin/env node
// Runs the compiled program where there is one (production), else the sources through tsx.
import { existsSync } from 'node:fs';

const built = new URL('../dist/src/commands/gatehouse.js', import.meta.url);
const source = new URL('../src/commands/gatehouse.ts', import.meta.url);

async function withTsx() {
  try {
    const { register } = await import('tsx/esm/api');
    register();
    return true;
  } catch {
    return false;
  }
}

const preferBuilt = process.env.NODE_ENV === 'production' && existsSync(built);
if (!preferBuilt && existsSync(source) && (await withTsx())) {
  await import(source.href);
} else if (existsSync(built)) {
  await import(built.href);
} else {
  process.stderr.write('Gatehouse is not built. Run: npm run build\n');
  process.exitCode = 1;
}
