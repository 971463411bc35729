/** The secret key of development. Refuses to be read by anybody but the owner of the data directory. */
import { randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Development needs no secret of its own: one is made once and kept in the data directory, readable by its owner. */
export function developmentSecretKey(dataDirectory: string): string {
  const file = join(dataDirectory, 'secret-key');
  mkdirSync(dataDirectory, { recursive: true });
  try {
    writeFileSync(file, `${randomBytes(48).toString('base64url')}\n`, { flag: 'wx', mode: 0o600 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  chmodSync(file, 0o600);
  return readFileSync(file, 'utf8').trim();
}
