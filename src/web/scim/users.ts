/** `/Users`: people made, found, changed and taken away by a directory, each by the operations on people. */
import {
  type Asked,
  ask,
  asOne,
  checkVersion,
  type Door,
  type ListRequest,
  listBody,
  objectOf,
  versionOf,
} from './door.ts';
import { patched, readPatch } from './patch.ts';
import { projected } from './projection.ts';
import { type Json, readResource, userType } from './schemas.ts';
import { ScimError } from './scim-error.ts';
import {
  changeOfUser,
  type FoundUser,
  userResource,
  userToPatch,
  type WantedUser,
  wantedUser,
} from './user-resource.ts';

/** What an answer is made of. */
export interface Answered {
  status: number;
  body?: Json;
  /** Of one resource. */
  version?: string;
  location?: string;
}

const notFound = () => new ScimError(404, 'there is no such person');

function shownUser(door: Door, user: FoundUser): Json & { meta: { version: string; location: string } } {
  const resource = userResource(user, door.baseUrl);
  // Who is in a group is a matter of the group.
  const { groups: _, ...own } = resource;
  const meta = {
    resourceType: 'User',
    created: user.created_at,
    lastModified: user.updated_at,
    location: `${door.baseUrl}/Users/${user.id}`,
    version: versionOf(own),
  };
  return { ...resource, meta };
}

function answerOf(door: Door, user: FoundUser, status: number, request: Partial<ListRequest>): Answered {
  const resource = shownUser(door, user);
  const { version, location } = resource.meta;
  return { status, body: projected(userType, resource, request), version, location };
}

const quoted = (text: string) => JSON.stringify(text);

async function findUser(door: Door, userId: string): Promise<FoundUser> {
  const query = { filter: `id eq ${quoted(userId.slice(0, 100))}`, limit: '1' };
  const { items } = await ask<{ items: FoundUser[] }>(door, 'users.search', { query });
  const [user] = items;
  if (!user) throw notFound();
  return user;
}

export async function listUsers(door: Door, request: ListRequest): Promise<Answered> {
  const { filter, startIndex, count } = request;
  const query = { ...(filter !== undefined && { filter }), start: String(startIndex), limit: String(count) };
  if (startIndex > mostStart)
    throw new ScimError(400, `no list goes on beyond ${mostStart}: narrow it by a filter`, 'tooMany');
  const { total, items } = await ask<{ total: number; items: FoundUser[] }>(door, 'users.search', { query });
  const resources = items.map((user) => projected(userType, shownUser(door, user), request));
  return { status: 200, body: listBody(total, startIndex, resources) };
}

/** The most that `users.search` takes. */
const mostStart = 200_001;

export async function showUser(door: Door, userId: string, request: Partial<ListRequest>): Promise<Answered> {
  return answerOf(door, await findUser(door, userId), 200, request);
}

export async function createUser(door: Door, body: unknown, request: Partial<ListRequest>): Promise<Answered> {
  const wanted = wantedUser(readResource(userType, objectOf(body)));
  const user = await asOne(
    door,
    `new-user:${door.tenantId}:${wanted.profile.username ?? wanted.profile.email}`,
    async (inside) => {
      const { id } = await ask<{ id: string }>(inside, 'users.create', { body: newUserBody(wanted) });
      // The key is of what was made.
      const after = { ...inside, idempotencyKey: undefined };
      if (wanted.active === false) await ask(after, 'users.deactivate', { params: { user_id: id } });
      return findUser(after, id);
    },
  );
  return answerOf(door, user, 201, request);
}

function newUserBody({ profile, settings, kept }: WantedUser): Json {
  const given = Object.entries({ ...profile, ...settings }).filter(
    ([, value]) => value !== null && value !== undefined,
  );
  return { ...Object.fromEntries(given), ...(Object.keys(kept).length > 0 && { metadata: { scim: kept } }) };
}

/** PUT: what is not said goes, apart from what is the person's own to choose, and whether they may sign in. */
export function replaceUser(door: Door, userId: string, body: unknown, asked: Changing): Promise<Answered> {
  const resource = readResource(userType, objectOf(body));
  return changeUser(door, userId, () => resource, asked);
}

export function patchUser(door: Door, userId: string, body: unknown, asked: Changing): Promise<Answered> {
  const operations = readPatch(objectOf(body));
  return changeUser(door, userId, (user) => patched(userType, userToPatch(user, door.baseUrl), operations), asked);
}

export interface Changing {
  ifMatch?: string;
  request: Partial<ListRequest>;
}

async function changeUser(
  door: Door,
  userId: string,
  resourceOf: (user: FoundUser) => Json,
  { ifMatch, request }: Changing,
): Promise<Answered> {
  const user = await asOne(door, `user:${userId.toLowerCase().slice(0, 100)}`, async (inside) => {
    const before = await findUser(inside, userId);
    checkVersion(ifMatch, shownUser(door, before).meta.version);
    const { profile, settings, active } = changeOfUser(before, wantedUser(resourceOf(before)));
    const params = { user_id: before.id };
    const change = (id: string, asked: Asked = {}) => ask(inside, id, { params, ...asked });
    // Who comes back is let in first, and who goes is stopped last.
    if (active === true) await change('users.activate');
    if (profile) await change('users.update', { body: profile });
    if (settings) await change('users.settings.update', { body: settings });
    if (active === false) await change('users.deactivate');
    return findUser(inside, before.id);
  });
  return answerOf(door, user, 200, request);
}

export async function deleteUser(door: Door, userId: string, ifMatch?: string): Promise<Answered> {
  await asOne(door, `user:${userId.toLowerCase().slice(0, 100)}`, async (inside) => {
    const user = await findUser(inside, userId);
    checkVersion(ifMatch, shownUser(door, user).meta.version);
    await ask(inside, 'users.delete', { params: { user_id: user.id } });
  });
  return { status: 204 };
}
