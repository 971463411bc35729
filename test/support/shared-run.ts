/**
 * A run by several processes: mocha starts this in the one that hands out the files. It starts the server, migrates the
 * template, and tells the others by their environment; it alone ends them.
 */
import { sharedRunVariable, testServer } from './cluster.ts';
import { templateName } from './database.ts';

export { mochaGlobalTeardown } from './cluster.ts';

export async function mochaGlobalSetup(): Promise<void> {
  // Until mocha says how it went: a run that ends in its middle has failed.
  process.exitCode = 1;
  // Nothing else keeps this process alive: its connections must not, and the other processes do not exist yet.
  const held = setInterval(() => {}, 60_000);
  try {
    const [server, template] = [await testServer(), await templateName()];
    process.env[sharedRunVariable] = JSON.stringify({ server, template });
  } finally {
    clearInterval(held);
  }
}
