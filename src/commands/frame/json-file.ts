/** JSON, and certificates, that an option names by its file. Refuses private keys: what only the client may know is none of ours. */
import { readFile } from 'node:fs/promises';
import { faultOfPublicKeys, type KeySet, memberThatIsNoList } from '../../domain/clients/client-metadata.ts';
import { UsageError } from './failures.ts';

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
export async function readJwks(file: string): Promise<KeySet> {
  const jwks = await readObject('--jwks-file', file);
  const fault = faultOfPublicKeys(jwks);
  if (fault !== undefined) throw new UsageError(`--jwks-file ${file}: ${fault}`);
  return { keys: jwks.keys as KeySet['keys'] };
}

/** A certificate in PEM; what it is worth says who takes it. @throws UsageError */
export async function readCertificate(file: string): Promise<string> {
  return readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new UsageError(`--certificate-file ${file}: cannot be read (${error.code})`, { cause: error });
  });
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

/** Registered client metadata (OpenID Connect Dynamic Client Registration 1.0 section 2). @throws UsageError */
export async function readClientMetadata(file: string): Promise<Record<string, unknown>> {
  const metadata = await readObject('--metadata-file', file);
  for (const name of Object.keys(metadata)) {
    if (name in reserved) throw new UsageError(`--metadata-file ${file}: leave out ${name}; use ${reserved[name]}`);
  }
  const broken = memberThatIsNoList(metadata);
  if (broken !== undefined) throw new UsageError(`--metadata-file ${file}: ${broken} is no list of strings`);
  return metadata;
}
