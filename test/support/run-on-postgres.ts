/** Runs test files on another PostgreSQL than this run's: those that `npm test` runs so, to know on each change that it still works there. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { sharedRunVariable } from './cluster.ts';
import { binariesOf } from './postgres-version.ts';

const require = createRequire(import.meta.url);

/**
 * Files that meet SQL of every kind: all migrations (the template), the queue, signing in to tokens, their ends, and what the domain leaves to the
 * database: the tree's closure and the past of access.
 */
const files = [
  'test/platform/jobs/jobs.test.ts',
  'test/domain/access/access-history.test.ts',
  'test/domain/organisation/org-nodes.test.ts',
  'test/flows/authorization-code.test.ts',
  'test/flows/service-tokens.test.ts',
];

/** The test of one version. */
export function describeOn(version: string): void {
  describe(`on PostgreSQL ${version}`, () => {
    it('migrates, works jobs, signs in and gives tokens as on the embedded one', async function () {
      // A run of five files beside this one, on a machine that may have much else to do.
      this.timeout(900_000);
      // This run has picked one already, and runs everything on it.
      if (process.env.TEST_POSTGRES || process.env.TEST_DATABASE_URL) return this.skip();
      if (!binariesOf(version)) return this.skip();
      const { passed, said } = await runOn(version);
      assert.ok(passed > 40, said);
    });
  });
}

/** The files, as they are, in a run of its own with processes of its own. */
async function runOn(version: string): Promise<{ passed: number; said: string }> {
  const mocha = join(dirname(require.resolve('mocha/package.json')), 'bin', 'mocha.js');
  const env: NodeJS.ProcessEnv = { ...process.env, TEST_POSTGRES: version, TEST_JOBS: '2', NO_COLOR: '1' };
  // What mocha told this process: whose server it shares, and which of its processes it is.
  for (const name of [sharedRunVariable, 'MOCHA_WORKER_ID', 'FORCE_COLOR']) delete env[name];
  const child = spawn(process.execPath, [mocha, ...files], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const end = () => child.kill();
  process.once('exit', end);
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (piece) => (said += piece));
  const [code] = await once(child, 'close');
  process.off('exit', end);
  const passed = Number(/^ {2}(\d+) passing/m.exec(said)?.[1] ?? 0);
  // Its lines are marked: its own summary is not to be taken for that of this run.
  if (code !== 0) throw new Error(`On PostgreSQL ${version} the run ended with ${code}:\n${said.replace(/^/gm, '| ')}`);
  return { passed, said };
}
