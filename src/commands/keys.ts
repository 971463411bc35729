/** `gatehouse keys`: the keys that sign tokens. Only what is public of them is shown. */
import type { Command } from 'commander';
import { systemCaller } from '../domain/audit/audit-events.ts';
import { operations } from '../management/operations.ts';
import {
  listSigningKeys,
  rotateSigningKeys,
  type SigningKeyRow,
  signingAlgs,
  verifySecondsOf,
  withdrawSigningKeys,
} from '../oidc/keys.ts';
import { type CommandResult, performs } from './frame/command-action.ts';
import { addOperations } from './frame/operation-commands.ts';
import { table } from './frame/terminal-text.ts';
import { withDatabase } from './frame/with-database.ts';

const rotateHelp = `
The keys rotate by themselves (SIGNING_KEY_ROTATION_DAYS); this does it now. Running servers follow within a second.
A retired key stays published until nothing that it signed can be alive: what was signed before stays good.

Example:
  gatehouse keys rotate`;

function keyTable(keys: readonly SigningKeyRow[]): string {
  return table(
    ['kid', 'alg', 'state', 'made', 'signs since', 'published until'],
    keys.map((key) => [
      key.kid,
      key.alg,
      key.state,
      key.createdAt,
      key.state === 'next' ? null : key.activatesAt,
      key.verifiesUntil,
    ]),
    'No key yet: the first start makes them.',
  );
}

function shown(keys: readonly SigningKeyRow[]): object[] {
  return keys.map((key) => ({
    kid: key.kid,
    alg: key.alg,
    state: key.state,
    created_at: key.createdAt,
    activates_at: key.activatesAt,
    retires_at: key.retiresAt,
    verifies_until: key.verifiesUntil,
  }));
}

async function list(): Promise<CommandResult> {
  return withDatabase(async ({ db }) => {
    const keys = await listSigningKeys(db);
    return { data: { keys: shown(keys) }, text: keyTable(keys) };
  });
}

async function rotate({ withdraw = false }: { withdraw?: boolean }): Promise<CommandResult> {
  return withDatabase(async ({ db, secrets, config }) => {
    if (withdraw) await withdrawSigningKeys(db, secrets, systemCaller);
    const rotated = withdraw
      ? signingAlgs
      : await rotateSigningKeys(db, secrets, { verifySeconds: verifySecondsOf(config) }, systemCaller);
    const keys = await listSigningKeys(db);
    return { data: { rotated, keys: shown(keys) }, text: `Rotated ${rotated.join(' and ')}.\n\n${keyTable(keys)}` };
  });
}

export function addKeys(program: Command, description: string): void {
  const keys = program.command('keys').description(description);
  performs(keys.command('list').description('list the signing keys'), list);
  performs(
    keys
      .command('rotate')
      .description('let the next keys sign, and retire the current ones')
      .option('--withdraw', 'new keys at once, and no earlier one published: for keys that others may know')
      .addHelpText('after', rotateHelp),
    rotate,
  );
  addOperations(keys, operations);
}
