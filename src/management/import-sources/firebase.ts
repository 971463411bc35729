/** `firebase auth:export users.json --format=json`: people of Firebase Authentication, with its own kind of scrypt. */
import { httpsIn, type Item, identitiesOf, identityAt, isItem, isYes, jsonIn, listIn, textIn } from './documents.ts';

/** What the console of Firebase shows as "password hash parameters" of the project. */
export interface FirebaseHashing {
  signerKey: string;
  saltSeparator: string;
  rounds: number;
  memCost: number;
}

export function firebasePerson(hashing: FirebaseHashing | undefined): (user: Item) => Item {
  return (user) => {
    const attributes = jsonIn(user.customAttributes);
    return {
      external_id: textIn(user.localId),
      email: textIn(user.email),
      email_verified: isYes(user.emailVerified),
      phone: textIn(user.phoneNumber),
      full_name: textIn(user.displayName),
      picture_url: httpsIn(user.photoUrl),
      state: isYes(user.disabled) ? 'inactive' : 'active',
      metadata: isItem(attributes) ? attributes : undefined,
      password_hash: hashOf(user, hashing),
      identities: identitiesOf(
        { provider: 'firebase', subject: textIn(user.localId) ?? '' },
        ...listIn(user.providerUserInfo).map(({ providerId, rawId }) => identityAt(providerId, rawId)),
      ),
    };
  };
}

/** Without the parameters of the project nothing can be compared with it; the person then comes in without a password. */
function hashOf(user: Item, hashing: FirebaseHashing | undefined): Item | undefined {
  const hash = textIn(user.passwordHash);
  if (hash === undefined || !hashing) return undefined;
  return {
    algorithm: 'firebase_scrypt',
    mem_cost: hashing.memCost,
    rounds: hashing.rounds,
    salt: textIn(user.salt) ?? '',
    salt_separator: hashing.saltSeparator,
    signer_key: hashing.signerKey,
    hash,
  };
}
