/**
 * A person as SCIM has one, and back. `userName` is the username, or the address where it looks like one; the account has one
 * address and one number, of which it is found by; whatever else a directory tells is kept in `metadata.scim` as it came, and
 * opens nothing. Decides nothing: what comes out of here goes to the operations on people.
 */
import { isDeepStrictEqual } from 'node:util';
import { parseEmail, parsePhone } from '../../domain/users/canonical-address.ts';
import { isTrue } from './patch.ts';
import { coreUser, enterpriseUser, isObject, type Json } from './schemas.ts';
import { invalidValue } from './scim-error.ts';

/** As `users.search` answers. */
export interface FoundUser {
  id: string;
  email: string | null;
  phone: string | null;
  username: string | null;
  external_id: string | null;
  full_name: string | null;
  given_name: string | null;
  family_name: string | null;
  state: 'active' | 'inactive';
  metadata: Json;
  locale: string | null;
  zoneinfo: string | null;
  groups: { id: string; name: string }[];
  created_at: string;
  updated_at: string;
}

/** Kept as they came. */
const keptNames = [
  'nickName',
  'profileUrl',
  'title',
  'userType',
  'preferredLanguage',
  'ims',
  'photos',
  'addresses',
  'entitlements',
  'roles',
] as const;
const keptOfName = ['formatted', 'middleName', 'honorificPrefix', 'honorificSuffix'] as const;

const given = (value: unknown) => (value === null || value === '' ? undefined : value);

/** Members with a value. */
function compact(members: Json): Json {
  return Object.fromEntries(
    Object.entries(members).filter(
      ([, value]) =>
        value !== undefined &&
        value !== null &&
        !(isObject(value) && Object.keys(value).length === 0) &&
        !(Array.isArray(value) && value.length === 0),
    ),
  );
}

function keptIn({ metadata }: Pick<FoundUser, 'metadata'>): Json {
  return isObject(metadata.scim) ? metadata.scim : {};
}

/** What another program wrote into it is passed over, where it is not what SCIM has there. */
function listIn(kept: Json, name: string): Json[] | undefined {
  const list = kept[name];
  return Array.isArray(list) && list.every(isObject) ? (list as Json[]) : undefined;
}

function emailsOf(user: FoundUser): Json[] {
  const kept = listIn(keptIn(user), 'emails');
  const { email, username } = user;
  if (!kept) return email === null ? [] : [{ value: email, type: 'work', primary: true }];
  // Where the address is not the name, it is one of the list, and was perhaps changed since.
  if (username === null || email === null || kept.some((one) => isEmail(one, email))) return kept;
  return [{ value: email, type: 'work', primary: true }, ...kept.map((one) => ({ ...one, primary: false }))];
}

const isEmail = ({ value }: Json, email: string) => typeof value === 'string' && parseEmail(value) === email;

function phonesOf(user: FoundUser): Json[] {
  const { phone } = user;
  const others = listIn(keptIn(user), 'phoneNumbers') ?? [];
  return phone === null ? others : [{ value: phone, type: 'mobile' }, ...others];
}

/** The resource, without `meta`. */
export function userResource(user: FoundUser, baseUrl: string): Json {
  const kept = keptIn(user);
  const name = isObject(kept.name) ? kept.name : {};
  const enterprise = isObject(kept.enterprise) ? kept.enterprise : undefined;
  return compact({
    schemas: [coreUser, ...(enterprise ? [enterpriseUser] : [])],
    id: user.id,
    externalId: user.external_id,
    userName: user.username ?? user.email ?? user.phone ?? user.id,
    name: compact({
      formatted: user.full_name,
      ...Object.fromEntries(
        keptOfName.map((part) => [part, name[part] ?? (part === 'formatted' ? user.full_name : undefined)]),
      ),
      givenName: user.given_name,
      familyName: user.family_name,
    }),
    displayName: user.full_name,
    ...Object.fromEntries(keptNames.map((member) => [member, kept[member]])),
    locale: user.locale,
    timezone: user.zoneinfo,
    active: user.state === 'active',
    emails: emailsOf(user),
    phoneNumbers: phonesOf(user),
    groups: user.groups.map(({ id, name: display }) => ({
      value: id,
      $ref: `${baseUrl}/Groups/${id}`,
      display,
      type: 'direct',
    })),
    [enterpriseUser]: enterprise,
  });
}

/** What is to be patched: without what only follows from something else, and would stay behind when that is changed. */
export function userToPatch(user: FoundUser, baseUrl: string): Json {
  const resource = userResource(user, baseUrl);
  const kept = keptIn(user);
  if (isObject(resource.name) && !(isObject(kept.name) && kept.name.formatted !== undefined))
    delete resource.name.formatted;
  if (user.username === null && !listIn(kept, 'emails')) delete resource.emails;
  return resource;
}

/** What a resource says of an account, in the terms of the operations. */
export interface WantedUser {
  profile: {
    email: string | null;
    phone: string | null;
    username: string | null;
    external_id: string | null;
    full_name: string | null;
    given_name: string | null;
    family_name: string | null;
  };
  settings: { locale?: string | null; zoneinfo?: string | null };
  /** Undefined: nothing is said. */
  active?: boolean;
  /** `metadata.scim`. */
  kept: Json;
}

/** @throws ScimError invalidValue */
export function wantedUser(resource: Json): WantedUser {
  const userName = textOf(resource, 'userName');
  if (userName === null) throw invalidValue('userName is missing');
  const name = isObject(resource.name) ? resource.name : {};
  const emails = valuesOf(resource.emails);
  const numbers = valuesOf(resource.phoneNumbers);
  const address = parseEmail(userName);
  const own = address ?? canonicalValue(primaryOf(emails));
  const mobile = numbers.find(isMobile);
  const number = mobile && typeof mobile.value === 'string' ? parsePhone(mobile.value) : undefined;
  const byNumber = userName.startsWith('+') ? parsePhone(userName) : undefined;
  const parts = [textOf(name, 'givenName'), textOf(name, 'familyName')];
  const displayName =
    textOf(resource, 'displayName') ??
    textOf(name, 'formatted') ??
    (parts.filter((part) => part !== null).join(' ') || null);
  return {
    profile: {
      email: own ?? null,
      phone: byNumber ?? number ?? null,
      username: address === undefined && byNumber === undefined ? userName : null,
      external_id: textOf(resource, 'externalId'),
      full_name: displayName,
      given_name: textOf(name, 'givenName'),
      family_name: textOf(name, 'familyName'),
    },
    settings: {
      ...('locale' in resource && { locale: textOf(resource, 'locale')?.replaceAll('_', '-') ?? null }),
      ...('timezone' in resource && { zoneinfo: textOf(resource, 'timezone') }),
    },
    active: activeOf(resource.active),
    kept: keptOf(resource, { email: own, phone: number, fullName: displayName }),
  };
}

/** Entra ID sends `"False"`. */
function activeOf(value: unknown): boolean | undefined {
  if (value === undefined || value === null) return undefined;
  const text = String(value).toLowerCase();
  if (text !== 'true' && text !== 'false') throw invalidValue('active is true or false');
  return text === 'true';
}

function textOf(from: Json, name: string): string | null {
  const value = given(from[name]);
  if (value === undefined) return null;
  if (typeof value !== 'string' && typeof value !== 'number') throw invalidValue(`${name} is a text`);
  const text = String(value).trim();
  return text === '' ? null : text;
}

function valuesOf(value: unknown): Json[] {
  return (Array.isArray(value) ? value : []).filter(isObject).filter((one) => given(one.value) !== undefined);
}

const typeIs = (type: string) => (one: Json) => typeof one.type === 'string' && one.type.toLowerCase() === type;
const isMobile = typeIs('mobile');

function primaryOf(values: readonly Json[]): Json | undefined {
  return values.find((one) => isTrue(one.primary)) ?? values.find(typeIs('work')) ?? values[0];
}

/** What is no address is not kept as one: it could never be reached. */
function canonicalValue(one: Json | undefined): string | undefined {
  if (one === undefined) return undefined;
  const email = typeof one.value === 'string' ? parseEmail(one.value) : undefined;
  if (email === undefined) throw invalidValue('emails: this is no email address');
  return email;
}

interface Derived {
  email: string | undefined;
  phone: string | undefined;
  fullName: string | null;
}

/** What the account itself does not hold. */
function keptOf(resource: Json, { email, phone, fullName }: Derived): Json {
  const name = isObject(resource.name) ? resource.name : {};
  const emails = valuesOf(resource.emails);
  const [only] = emails;
  const isDerived =
    emails.length === 0 ||
    (emails.length === 1 &&
      only !== undefined &&
      email !== undefined &&
      isEmail(only, email) &&
      typeIs('work')(only) &&
      only.display === undefined);
  const numbers = valuesOf(resource.phoneNumbers).filter(
    (one) =>
      !(phone !== undefined && isMobile(one) && typeof one.value === 'string' && parsePhone(one.value) === phone),
  );
  const parts = keptOfName
    .map((part) => [part, given(name[part])] as const)
    .filter(([part, value]) => part !== 'formatted' || value !== fullName);
  const enterprise = resource[enterpriseUser];
  return compact({
    ...Object.fromEntries(keptNames.map((member) => [member, given(resource[member])])),
    name: compact(Object.fromEntries(parts)),
    emails: isDerived ? undefined : emails,
    phoneNumbers: numbers,
    enterprise: isObject(enterprise)
      ? compact(Object.fromEntries(Object.entries(enterprise).map(([key, value]) => [key, given(value)])))
      : undefined,
  });
}

/** What makes one of the other by a merge (RFC 7396); undefined where they are the same. */
function mergeOf(before: Json, after: Json): Json | undefined {
  const patch: Json = {};
  for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
    const [was, is] = [before[key], after[key]];
    if (is === undefined) patch[key] = null;
    else if (isObject(was) && isObject(is)) {
      const inner = mergeOf(was, is);
      if (inner) patch[key] = inner;
    } else if (!isDeepStrictEqual(was, is)) patch[key] = is;
  }
  return Object.keys(patch).length > 0 ? patch : undefined;
}

/** What is different, as `users.update` and `users.settings.update` take it. */
export interface UserChange {
  profile?: Json;
  settings?: Json;
  active?: boolean;
}

export function changeOfUser(user: FoundUser, wanted: WantedUser): UserChange {
  const profile: Json = Object.fromEntries(
    Object.entries(wanted.profile).filter(([name, value]) => value !== user[name as keyof WantedUser['profile']]),
  );
  const kept = mergeOf(keptIn(user), wanted.kept);
  if (kept) profile.metadata = { scim: kept };
  const { locale, zoneinfo } = wanted.settings;
  const settings = {
    ...(locale !== undefined && locale !== user.locale && { locale }),
    ...(zoneinfo !== undefined && zoneinfo !== user.zoneinfo && { zoneinfo }),
  };
  const active = wanted.active !== undefined && wanted.active !== (user.state === 'active') ? wanted.active : undefined;
  return {
    ...(Object.keys(profile).length > 0 && { profile }),
    ...(Object.keys(settings).length > 0 && { settings }),
    ...(active !== undefined && { active }),
  };
}
