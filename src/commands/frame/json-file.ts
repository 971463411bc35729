/** JSON that an option names by its file. Refuses private keys: what only the client may know is none of ours. */
import { createPublicKey, type JsonWebKey } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { UsageError } from './failures.ts';

export interface PublicKeySet {
  keys: Record<string, unknown>[];
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

async function readObject(option: string, file: string): Promise<Record<string, unknown>> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new UsageError(`${option} ${file}: cannot be read (${error.code})`, { cause: error });
  });
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new UsageError(`${option} ${file}: is no JSON`);
  }
  if (!isRecord(value)) throw new UsageError(`${option} ${file}: is no JSON object`);
  return value;
}

/** A JWK Set (RFC 7517 section 5) of public keys. @throws UsageError */
export async function readJwks(file: string): Promise<PublicKeySet> {
  const { keys } = await readObject('--jwks-file', file);
  if (!Array.isArray(keys) || keys.length === 0 || !keys.every(isRecord))
    throw new UsageError(`--jwks-file ${file}: is no JWK Set, {"keys": [...]}`);
  // RFC 7518 section 6: `d` of RSA, EC and OKP keys, `k` of symmetric ones.
  if (keys.some((key) => 'd' in key || 'k' in key))
    throw new UsageError(`--jwks-file ${file}: holds a private or secret key; give the public part alone`);
  // The library takes a key that it cannot read, and then every assertion of the client fails.
  for (const [index, key] of keys.entries()) {
    try {
      createPublicKey({ key: key as JsonWebKey, format: 'jwk' });
    } catch (error) {
      throw new UsageError(`--jwks-file ${file}: key ${index + 1} is no public key`, { cause: error });
    }
  }
  return { keys };
}

/** Names that have an option or are Gatehouse's to give. */
const reserved: Record<string, string> = {
  client_id: '--client-id',
  client_name: '--name',
  client_secret: 'nothing: Gatehouse makes it',
  first_party: '--first-party',
  kind: '--kind',
  require_pkce: '--no-require-pkce',
  resource_server_id: 'gatehouse services create --api',
  tenant_id: '--tenant',
};

const lists = ['redirect_uris', 'post_logout_redirect_uris', 'grant_types', 'response_types'];

/** Registered client metadata (OpenID Connect Dynamic Client Registration 1.0 section 2). @throws UsageError */
export async function readClientMetadata(file: string): Promise<Record<string, unknown>> {
  const metadata = await readObject('--metadata-file', file);
  for (const name of Object.keys(metadata)) {
    if (name in reserved) throw new UsageError(`--metadata-file ${file}: leave out ${name}; use ${reserved[name]}`);
  }
  for (const name of lists) {
    const value = metadata[name];
    if (value === undefined) continue;
    if (!Array.isArray(value) || !value.every((entry) => typeof entry === 'string'))
      throw new UsageError(`--metadata-file ${file}: ${name} is no list of strings`);
  }
  return metadata;
}
