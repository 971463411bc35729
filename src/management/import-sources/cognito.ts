/**
 * People of a user pool of Amazon Cognito: `aws cognito-idp list-users` (JSON), or a table under the header that its import has
 * (CSV). Cognito tells nobody its password hashes, so people come in by a code or choose a new password.
 */
import { httpsIn, type Item, identitiesOf, identityAt, isYes, jsonIn, listIn, textIn } from './documents.ts';

export function cognitoPerson(user: Item): Item {
  const listed = listIn(user.Attributes).map(({ Name, Value }) => [String(Name), Value] as const);
  // A table has the attributes as columns.
  const attributes: Item = listed.length > 0 ? Object.fromEntries(listed) : user;
  const sub = textIn(attributes.sub);
  const username = textIn(user.Username) ?? textIn(user['cognito:username']);
  const isElsewhere = listIn(jsonIn(attributes.identities));
  const custom = Object.entries(attributes).filter(([name, value]) => name.startsWith('custom:') && value !== '');
  const key = sub ?? username;
  return {
    external_id: key,
    email: textIn(attributes.email),
    email_verified: isYes(attributes.email_verified),
    phone: textIn(attributes.phone_number),
    phone_verified: isYes(attributes.phone_number_verified),
    username: isOwnName(username, sub) && isElsewhere.length === 0 ? username : undefined,
    full_name: textIn(attributes.name),
    given_name: textIn(attributes.given_name),
    family_name: textIn(attributes.family_name),
    picture_url: httpsIn(attributes.picture),
    locale: textIn(attributes.locale),
    zoneinfo: textIn(attributes.zoneinfo),
    state: user.Enabled === false ? 'inactive' : 'active',
    metadata: custom.length > 0 ? Object.fromEntries(custom.map(([name, value]) => [name.slice(7), value])) : undefined,
    identities: identitiesOf(
      key === undefined ? undefined : { provider: 'cognito', subject: key },
      ...isElsewhere.map(({ providerName, userId }) => identityAt(providerName, userId)),
    ),
  };
}

/** Pools that sign people in by an address make the username themselves: an id. */
function isOwnName(username: string | undefined, sub: string | undefined): boolean {
  return username !== undefined && username !== sub && !/^[0-9a-f]{8}-[0-9a-f-]{27}$|[@\s]|^\+/i.test(username);
}
