const { existsSync, globSync } = require('node:fs');
const { enableCompileCache } = require('node:module');
const { availableParallelism } = require('node:os');
const { basename, join } = require('node:path');

const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 24 || (major === 24 && minor < 11))
  throw new Error(`The tests need Node.js 24.11 or newer, and this is ${process.versions.node}. Run: npm test`);

// For the programs that tests start as well, several hundred times: half of a start is reading the sources.
// Coverage counts what is compiled anew alone.
if (process.env.NODE_V8_COVERAGE === undefined) {
  process.env.NODE_COMPILE_CACHE ??= join(__dirname, 'node_modules', '.cache', 'node-compile-cache');
  enableCompileCache(process.env.NODE_COMPILE_CACHE);
}

// Mocha adds the files of a command line to those of `spec`; a developer who names some wants these alone.
const named = process.argv.slice(2).filter((argument) => argument.endsWith('.test.ts') || existsSync(argument));

/** The files that take longest, in that order: begun last, one of them would be left running alone at the end. */
const longest = [
  'code-secrecy',
  'isolation',
  'outages',
  'security-keys',
  'pages-looks',
  'source-schemas',
  'services-and-keys',
  'tenants-and-users',
  'pages-codes',
  'refresh',
  'identity-providers',
  'password-sign-in',
  'authorise-oracle',
  'invitations-and-referrals',
  'second-factor',
  'limits-by-address',
  'federation-faults',
  'management-at-once',
  'federation-accounts',
  'one-time-codes',
  'remembered-devices',
  'memory',
  'signing-keys',
  'credentials-at-rest',
  'where-a-command-works',
  'start-and-embedded',
  'main',
  'school-district',
  'repeated-refusals',
  'pages-device',
  'launcher',
  'code-delivery',
  'readme',
  'embedded-postgres',
  'deliver-code',
  'bad-input',
];

function rank(path) {
  const place = longest.indexOf(basename(path, '.test.ts'));
  return place < 0 ? longest.length : place;
}

const all = () =>
  globSync('test/**/*.test.ts', { cwd: __dirname }).sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1));

module.exports = {
  spec: named.length > 0 ? [] : all(),
  // By file, and one process more than cores: a test that waits for something leaves its core to another.
  parallel: named.length !== 1,
  jobs: Number(process.env.TEST_JOBS) || availableParallelism() + 1,
  require: [named.length !== 1 ? './test/support/shared-run.ts' : './test/support/cluster.ts'],
  // For a machine that has much else to do: a test that passes takes what it takes.
  timeout: 300_000,
  reporter: './test/support/reporter.cjs',
  // A run ends by itself; one that does not has a leak to be found.
  exit: false,
  forbidOnly: named.length === 0,
};
