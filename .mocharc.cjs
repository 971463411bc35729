const { existsSync } = require('node:fs');

// Mocha adds the files of a command line to those of `spec`; a developer who names some wants these alone.
const named = process.argv.slice(2).filter((argument) => argument.endsWith('.test.ts') || existsSync(argument));

module.exports = {
  // Without the second option mocha `require`s the tests, and tsx turns them and the sources into CommonJS for that: named
  // imports that only exist there would pass, `import.meta.resolve` would be missing, and so on.
  'node-option': ['import=tsx', 'no-experimental-require-module'],
  require: ['./test/support/cluster.ts'],
  spec: named.length > 0 ? [] : ['test/**/*.test.ts'],
  timeout: 20_000,
  reporter: 'spec',
  // A run ends by itself; one that does not has a leak to be found.
  exit: false,
  forbidOnly: Boolean(process.env.CI),
};
