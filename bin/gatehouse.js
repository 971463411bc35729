#!/usr/bin/env node
// Runs the compiled program where there is one (production), else the sources, whose types Node.js strips itself. An older
// Node.js hands over to the one that `npm ci` brought along, and passes on signals, the terminal and the exit code. This file
// must therefore be understood by a Node.js that the program itself does not run on.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import nodeModule, { createRequire } from 'node:module';
import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';

const built = new URL('../dist/src/commands/gatehouse.js', import.meta.url);
const source = new URL('../src/commands/gatehouse.ts', import.meta.url);

/** The first release of 24 with long-term support. */
const needed = [24, 11];
/** Set for the process that is handed over to: it ends when the one that started it is gone, however that went. */
const handedOver = 'GATEHOUSE_HANDED_OVER';

function isRecentEnough() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  return major > needed[0] || (major === needed[0] && minor >= needed[1]);
}

/**
 * Half of a start is reading and compiling the sources. What comes of it is kept beside the packages, whose owner is trusted
 * already; where that place cannot be written, nothing is kept. Coverage counts what is compiled anew alone.
 */
function keepCompiled() {
  const { NODE_COMPILE_CACHE, NODE_V8_COVERAGE } = process.env;
  if (NODE_COMPILE_CACHE !== undefined || NODE_V8_COVERAGE !== undefined) return;
  nodeModule.enableCompileCache?.(fileURLToPath(new URL('../node_modules/.cache/gatehouse', import.meta.url)));
}

function fail(message) {
  process.stderr.write(`${message}\n`);
  process.exitCode = 1;
}

/** An optional dependency of this platform: a package with the binary alone. */
function findBroughtNode() {
  const name = `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`;
  try {
    return createRequire(import.meta.url).resolve(`${name}/bin/node${process.platform === 'win32' ? '.exe' : ''}`);
  } catch {
    return undefined;
  }
}

function handOver() {
  const needs = `Gatehouse needs Node.js ${needed.join('.')} or newer, and this is ${process.versions.node}.`;
  const executable = process.env[handedOver] === undefined ? findBroughtNode() : undefined;
  if (executable === undefined) {
    fail(
      `${needs}\nInstall Node.js 24, or run: npm ci --include=optional (it brings one along on Linux, Windows and Intel Macs).`,
    );
    return;
  }
  const child = spawn(
    executable,
    [...process.execArgv, fileURLToPath(import.meta.url), ...process.argv.slice(2)],
    // The channel carries nothing; its end tells the child that this process is gone.
    { stdio: ['inherit', 'inherit', 'inherit', 'ipc'], env: { ...process.env, [handedOver]: '1' } },
  );
  child.on('error', (error) => fail(`${needs}\nThe one in node_modules does not run here: ${error.message}`));
  // On Windows a signal that is sent ends a process at once, and the console tells all of its processes anyway.
  const passed = process.platform === 'win32' ? [] : ['SIGTERM', 'SIGHUP', 'SIGQUIT'];
  for (const signal of passed) process.on(signal, () => child.kill(signal));
  process.on('SIGINT', () => {
    if (process.platform !== 'win32') child.kill('SIGINT');
  });
  child.on('exit', (code, signal) => {
    if (signal === null) process.exit(code);
    // Ends as the child has ended.
    for (const name of [...passed, 'SIGINT']) process.removeAllListeners(name);
    process.kill(process.pid, signal);
    setTimeout(() => process.exit(128 + (constants.signals[signal] ?? 0)), 1_000);
  });
}

/** In the process that was handed over to. */
function endWithLauncher() {
  if (process.env[handedOver] === undefined || !process.channel) return;
  // Not for the processes that this one starts.
  delete process.env[handedOver];
  process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'));
  process.channel.unref();
}

if (!isRecentEnough()) {
  handOver();
} else {
  endWithLauncher();
  keepCompiled();
  const preferBuilt = process.env.NODE_ENV === 'production' && existsSync(built);
  if (!preferBuilt && existsSync(source)) await import(source.href);
  else if (existsSync(built)) await import(built.href);
  else fail('Gatehouse is not built. Run: npm run build');
}
