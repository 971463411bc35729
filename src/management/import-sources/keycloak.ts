/** People of a realm of Keycloak: `kc.sh export` writes them, with their hashes. Its roles and groups stay behind. */
import { type Item, identitiesOf, identityAt, isItem, jsonIn, listIn, textIn } from './documents.ts';

export function keycloakPerson(user: Item): Item {
  const { locale, ...attributes } = isItem(user.attributes) ? user.attributes : {};
  const username = textIn(user.username);
  return {
    external_id: textIn(user.id),
    email: textIn(user.email),
    email_verified: user.emailVerified === true,
    // Realms that sign people in by email have the address as the username.
    username: username?.includes('@') ? undefined : username,
    given_name: textIn(user.firstName),
    family_name: textIn(user.lastName),
    locale: textIn(firstOf(locale)),
    state: user.enabled === false ? 'inactive' : 'active',
    metadata: Object.keys(attributes).length > 0 ? singles(attributes) : undefined,
    password_hash: hashOf(user),
    identities: identitiesOf(
      textIn(user.id) === undefined ? undefined : { provider: 'keycloak', subject: user.id },
      ...listIn(user.federatedIdentities).map(({ identityProvider, userId }) => identityAt(identityProvider, userId)),
    ),
  };
}

const firstOf = (value: unknown): unknown => (Array.isArray(value) ? value[0] : value);

/** Attributes are lists; most have one value. */
function singles(attributes: Item): Item {
  return Object.fromEntries(
    Object.entries(attributes).map(([name, value]) => [
      name,
      Array.isArray(value) && value.length === 1 ? value[0] : value,
    ]),
  );
}

function hashOf(user: Item): unknown {
  const credential = listIn(user.credentials).find(({ type }) => type === 'password');
  if (!credential) return undefined;
  const secret = jsonIn(credential.secretData);
  const data = jsonIn(credential.credentialData);
  // Before version 8 the parts stood beside each other.
  const parts = isItem(secret) && isItem(data) ? { ...data, ...secret, more: data.additionalParameters } : credential;
  const algorithm = textIn(parts.algorithm) ?? 'pbkdf2-sha256';
  const salt = textIn(parts.salt) ?? '';
  const hash = textIn(parts.value) ?? textIn(parts.hashedSaltedValue) ?? '';
  const iterations = Number(parts.hashIterations);
  if (algorithm === 'argon2') return argon2Of(isItem(parts.more) ? parts.more : {}, { iterations, salt, hash });
  const [, digest = 'sha1'] = /^pbkdf2(?:-(sha256|sha512))?$/.exec(algorithm) ?? [];
  // What is not known here is refused by its name.
  return { algorithm: algorithm.startsWith('pbkdf2') ? 'pbkdf2' : algorithm, digest, iterations, salt, hash };
}

function argon2Of(more: Item, { iterations, salt, hash }: { iterations: number; salt: string; hash: string }): string {
  const parameter = (name: string, usual: string) => String(firstOf(more[name]) ?? usual);
  const version = parameter('version', '1.3') === '1.0' ? 16 : 19;
  const terms = `m=${parameter('memory', '7168')},t=${iterations},p=${parameter('parallelism', '1')}`;
  const bare = (text: string) => text.replace(/=+$/, '');
  return `$argon2${parameter('type', 'id')}$v=${version}$${terms}$${bare(salt)}$${bare(hash)}`;
}
