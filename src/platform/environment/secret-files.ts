/**
 * Secrets in files, as Docker and Kubernetes mount them: `SECRET_KEY_FILE` names the file that holds `SECRET_KEY`. Names the
 * faults of such files, and never repeats what is in one.
 */
import { readFileSync } from 'node:fs';
import { text } from './environment-forms.ts';

/** Variables whose values are secrets, or have one in them. Each may be given as the name of a file. */
const secretVariables = [
  'SECRET_KEY',
  'SECRET_KEY_PREVIOUS',
  'DATABASE_URL',
  'DATABASE_OWNER_URL',
  'DATABASE_DIRECT_URL',
  'DATABASE_REPLICA_URL',
  'SMTP_URL',
  'TWILIO_AUTH_TOKEN',
  'OTEL_EXPORTER_OTLP_HEADERS',
] as const;

type SecretFileVariable = `${(typeof secretVariables)[number]}_FILE`;

export const secretFileVariables = Object.fromEntries(secretVariables.map((name) => [`${name}_FILE`, text])) as Record<
  SecretFileVariable,
  typeof text
>;

/**
 * The environment with what its files hold, without the line break at their end.
 * @param given no empty values
 */
export function withSecretFiles(given: NodeJS.ProcessEnv, faults: string[]): NodeJS.ProcessEnv {
  const filled = { ...given };
  for (const name of secretVariables) {
    const file = given[`${name}_FILE`];
    if (file === undefined) continue;
    if (given[name] !== undefined) {
      faults.push(`${name}_FILE: is given together with ${name}; one of the two must go`);
      continue;
    }
    const value = contentOf(file);
    if (value === undefined) faults.push(`${name}_FILE: cannot be read`);
    else if (value === '') faults.push(`${name}_FILE: is empty`);
    filled[name] = value;
  }
  return filled;
}

function contentOf(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    return undefined;
  }
}
