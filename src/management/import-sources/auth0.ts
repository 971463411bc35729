/** People of Auth0: what its export job writes (a document a line), with the password hashes that its support adds. */
import { httpsIn, type Item, identitiesOf, identityAt, isItem, isYes, listIn, textIn } from './documents.ts';

export function auth0Person(user: Item): Item {
  const oid = isItem(user._id) ? textIn(user._id.$oid) : textIn(user._id);
  const id = textIn(user.user_id) ?? textIn(user.Id) ?? (oid === undefined ? undefined : `auth0|${oid}`);
  const email = textIn(user.email);
  const name = textIn(user.name);
  const metadata = Object.fromEntries(
    ['user_metadata', 'app_metadata'].flatMap((member) => (isItem(user[member]) ? [[member, user[member]]] : [])),
  );
  return {
    external_id: id,
    email,
    email_verified: isYes(user.email_verified),
    phone: textIn(user.phone_number),
    phone_verified: isYes(user.phone_verified),
    username: textIn(user.username),
    // Where somebody has no name, Auth0 says the address.
    full_name: name === email ? undefined : name,
    given_name: textIn(user.given_name),
    family_name: textIn(user.family_name),
    picture_url: httpsIn(user.picture),
    state: isYes(user.blocked) ? 'inactive' : 'active',
    metadata: Object.keys(metadata).length > 0 ? metadata : undefined,
    password_hash: textIn(user.passwordHash) ?? textIn(user.password_hash) ?? customHash(user.custom_password_hash),
    identities: identitiesOf(
      id === undefined ? undefined : { provider: 'auth0', subject: id },
      ...listIn(user.identities).map((identity) => identityAt(identity.provider, identity.user_id)),
    ),
  };
}

function bytesIn(value: unknown): Buffer {
  const { value: text = '', encoding = 'utf8' } = isItem(value) ? value : {};
  const known = ['hex', 'base64', 'utf8'].find((name) => name === encoding) as BufferEncoding | undefined;
  return Buffer.from(textIn(text) ?? '', known ?? 'utf8');
}

const base64 = (value: unknown) => bytesIn(value).toString('base64');

/** `custom_password_hash`, as bulk imports have it. What is not known here stays as it is, and is refused as such. */
function customHash(custom: unknown): unknown {
  if (!isItem(custom) || !isItem(custom.hash)) return undefined;
  const { algorithm, hash, salt } = custom;
  if (['bcrypt', 'argon2', 'pbkdf2'].includes(String(algorithm))) return textIn(hash.value);
  if (['sha1', 'sha256', 'sha512'].includes(String(algorithm))) {
    const position = isItem(salt) && salt.position === 'suffix' ? 'suffix' : 'prefix';
    return { algorithm: 'sha', digest: algorithm, salt: base64(salt), salt_position: position, hash: base64(hash) };
  }
  if (algorithm !== 'scrypt') return custom;
  const { cost, blockSize, parallelization } = custom;
  const terms = { cost: Math.log2(Number(cost)), block_size: blockSize, parallelization };
  return { algorithm: 'scrypt', ...terms, salt: base64(salt), hash: base64(hash) };
}
