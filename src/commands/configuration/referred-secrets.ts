/**
 * Secrets that a configuration refers to: in a variable, or in a file. Refuses those that are empty or not there, and the server's own
 * settings: who writes a configuration must not have its keys sent to an identity provider. Tells none.
 */
import { readFileSync } from 'node:fs';
import { environmentSchema, variables } from '../../config.ts';
import type { SecretReference } from '../../management/configuration/section.ts';
import { CommandFailed } from '../frame/failures.ts';

const mostCharacters = 10_000;

/** @throws CommandFailed */
export function referredSecret(reference: SecretReference): string {
  if ('env' in reference && Object.hasOwn(environmentSchema.shape, reference.env.replace(/_FILE$/, '')))
    throw new CommandFailed(`${reference.env} is a setting of the server; give the secret a variable of its own`);
  const [where, found] =
    'env' in reference
      ? [`the variable ${reference.env}`, variables[reference.env]]
      : [`the file ${reference.file}`, contentOf(reference.file)];
  // A file ends with a line break, which is none of the secret.
  const secret = found?.replace(/\r?\n$/, '');
  if (!secret) throw new CommandFailed(`a secret is referred to by ${where}, which is not there or empty`);
  if (secret.length > mostCharacters) throw new CommandFailed(`${where} is too long for a secret`);
  return secret;
}

function contentOf(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
