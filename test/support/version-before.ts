/**
 * The version before this one, as a server of its own on a database of its own schema: its sources are taken out of the history into a
 * temporary folder and started by their own test support. Which one it is: the newest tag, or UPGRADE_FROM.
 */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { sharedRunVariable } from './cluster.ts';

const run = promisify(execFile);
const root = join(import.meta.dirname, '..', '..');

interface Credentials {
  clientId: string;
  clientSecret: string;
}

/** What it told of itself: where it is, and who may sign in and ask. */
export interface VersionBefore {
  commit: string;
  port: number;
  databaseUrl: string;
  secretKey: string;
  people: { email: string; password: string }[];
  party: Credentials;
  services: Credentials[];
  /** As SIGTERM does it: answers what is in flight, and then closes. The database goes on. */
  drain(): Promise<void>;
  stop(): Promise<void>;
}

/** The commit to come from; undefined where the history has none (a shallow clone, an archive, no release yet). */
export async function commitBefore(): Promise<string | undefined> {
  const name = process.env.UPGRADE_FROM ?? (await git('describe', '--tags', '--abbrev=0').catch(() => undefined));
  return name && git('rev-parse', '--verify', `${name}^{commit}`).catch(() => undefined);
}

async function git(...args: string[]): Promise<string> {
  return (await run('git', args, { cwd: root })).stdout.trim();
}

type Packages = Record<string, { version?: string; link?: boolean }>;

/** Every package that the other lock file asks for is here in the same version. */
async function hasSamePackages(other: string): Promise<boolean> {
  const read = async (folder: string): Promise<Packages> =>
    JSON.parse(await readFile(join(folder, 'package-lock.json'), 'utf8')).packages;
  const [here, there] = await Promise.all([read(root), read(other)]);
  return Object.entries(there).every(([path, { version }]) => path === '' || here[path]?.version === version);
}

/**
 * Run in the folder of that version, by its own `test/support/app.ts`. Lines on its input are commands: the first drains the server, the second
 * ends all.
 */
const program = `
import { startTestApp } from './app.ts';
import { mochaGlobalTeardown } from './cluster.ts';
import { createInterface } from 'node:readline';
// Its connections alone do not keep it alive.
setInterval(() => {}, 60_000);
let port;
const app = await startTestApp({ issuer: (its) => { port = its; return process.env.UPGRADE_ISSUER; } });
const people = [];
for (let n = 0; n < 3; n++) { const { email, password } = await app.person(); people.push({ email, password }); }
const party = await app.relyingParty();
const services = [await app.service({}), await app.service({})];
console.log('READY ' + JSON.stringify({
  port, databaseUrl: app.databaseUrl, secretKey: app.config.secretKeys[0], people, party, services,
}));
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
await lines.next();
await app.server.stop();
console.log('DRAINED');
await lines.next();
await app.stop().catch(() => {});
await mochaGlobalTeardown();
process.exit(0);
`;

async function checkOut(commit: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'gatehouse-before-'));
  await run('sh', ['-c', 'git archive "$1" | tar -x -C "$2"', 'sh', commit, folder], { cwd: root });
  if (await hasSamePackages(folder)) await symlink(join(root, 'node_modules'), join(folder, 'node_modules'));
  else await run('npm', ['ci', '--no-audit', '--no-fund'], { cwd: folder });
  await writeFile(join(folder, 'test', 'support', 'version-before-program.ts'), program);
  return folder;
}

/** Starts it behind the issuer's address. */
export async function startVersionBefore(commit: string, issuer: string): Promise<VersionBefore> {
  const folder = await checkOut(commit);
  const env = { ...process.env, UPGRADE_ISSUER: issuer };
  delete (env as NodeJS.ProcessEnv)[sharedRunVariable];
  const child = spawn(process.execPath, ['test/support/version-before-program.ts'], {
    cwd: folder,
    env,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const ended = once(child, 'close');
  const removed = ended.then(() => rm(folder, { recursive: true, force: true }));
  let errors = '';
  child.stderr.on('data', (piece) => (errors += piece));
  const waiting: { word: string; found: (line: string) => void }[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => {
    const at = waiting.findIndex(({ word }) => line.startsWith(word));
    if (at >= 0) waiting.splice(at, 1)[0]?.found(line);
  });
  const line = (word: string) =>
    Promise.race([
      new Promise<string>((found) => waiting.push({ word, found })),
      ended.then(() => Promise.reject(new Error(`the version before ended: ${errors}`))),
    ]);
  const told = JSON.parse((await line('READY ')).slice('READY '.length));
  return {
    commit,
    ...told,
    async drain() {
      const drained = line('DRAINED');
      child.stdin.write('\n');
      await drained;
    },
    async stop() {
      child.stdin.end('\n\n');
      await removed;
    },
  };
}
