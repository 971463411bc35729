/** Who is told what happens, and what a directory fills: webhooks by their names, groups by what the directory calls them. */
import { z } from 'zod';
import { findWholeTree } from '../../../domain/organisation/whole-tree.ts';
import { listGroups } from '../../../domain/provisioning/groups.ts';
import { listWebhooks } from '../../../domain/webhooks/webhooks.ts';
import { provisioning } from '../../provisioning.ts';
import { name as displayName, text } from '../../shapes.ts';
import { webhooks } from '../../webhooks.ts';
import { changedOf, everyPage, type Found, type Scope, type Section } from '../section.ts';
import { membersOf } from '../shapes-of-operations.ts';
import { placesOf } from '../tree.ts';

const webhookMembers = membersOf(webhooks, 'webhooks.update', { without: ['name'] });
const verbs: Record<string, string> = { enabled: 'enable', paused: 'pause', disabled: 'disable' };

async function setState(scope: Scope, id: string, state: unknown): Promise<void> {
  await scope.perform(`webhooks.${verbs[String(state)]}`, { params: { webhook_id: id } });
}

function tell(scope: Scope, name: string, { secret }: Record<string, unknown>): void {
  scope.tell({ section: 'webhooks', name, member: 'secret', secret: String(secret) });
}

/** A name is not unique among webhooks: of several the oldest is the one that a file speaks of, and the others are nobody's. */
export const webhooksSection: Section = {
  key: 'webhooks',
  noun: 'webhook',
  of: ['tenant'],
  name: displayName,
  entry: z.strictObject({ ...webhookMembers, state: z.enum(['enabled', 'paused', 'disabled']).optional() }),
  sets: ['types'],
  async read({ db, tenantId }) {
    const all = await everyPage((page) => listWebhooks(db, { tenantId, ...page }));
    const found = new Map<string, Found>();
    for (const { id, name, url, types, state } of all.toSorted((left, right) => (left.id < right.id ? -1 : 1)))
      if (!found.has(name)) found.set(name, { id, entry: { url, types: [...types], state }, hasMadeSecret: true });
    return found;
  },
  async add(scope, name, { state, ...entry }) {
    const made = await scope.perform('webhooks.create', { body: { name, ...entry } });
    tell(scope, name, made);
    if (state !== undefined && state !== 'enabled') await setState(scope, String(made.id), state);
    return String(made.id);
  },
  async change(scope, _name, { id }, wanted) {
    const body = changedOf(wanted, Object.keys(webhookMembers));
    if (Object.keys(body).length > 0) await scope.perform('webhooks.update', { params: { webhook_id: id }, body });
    if (wanted.changed.has('state')) await setState(scope, id, wanted.entry.state);
  },
  async remove(scope, _name, { id }) {
    await scope.perform('webhooks.delete', { params: { webhook_id: id } });
  },
  async rotate(scope, name, { id }) {
    tell(scope, name, await scope.perform('webhooks.rotate', { params: { webhook_id: id }, body: {} }));
  },
};

const groupMembers = membersOf(provisioning, 'groups.update', { without: ['display_name'] });

export const groupsSection: Section = {
  key: 'groups',
  noun: 'group',
  of: ['tenant'],
  name: text(256),
  entry: z.strictObject({
    ...groupMembers,
    role: displayName.optional(),
    place: text(2000).optional().meta({
      description: 'The key of a node, or names from the root down, `/North/Lakeside`; `/` is the root',
    }),
  }),
  fixed: ['role', 'place'],
  async read({ db, tenantId }) {
    const all = await everyPage((page) => listGroups(db, { tenantId, ...page }));
    if (all.length === 0) return new Map();
    const tree = await findWholeTree(db, tenantId);
    const placeOf = placesOf(tree);
    const nodes = new Map(tree.map((node) => [node.id, node]));
    return new Map(
      all.map(({ id, displayName: name, externalId, role, orgNodeId }): [string, Found] => {
        const node = nodes.get(orgNodeId);
        const place = node ? placeOf(node) : '/';
        const key = node?.externalId ?? place;
        // A key that could be taken for names is no good reference.
        const shown = key.startsWith('/') ? place : key;
        return [name, { id, entry: { external_id: externalId, role, place: shown }, also: { place: [place] } }];
      }),
    );
  },
  async add(scope, display_name, { role, place, ...entry }) {
    const body = {
      display_name,
      ...entry,
      role_id: await scope.idOf(String(role ?? ''), 'roles'),
      org_node_id: await scope.idOf(String(place ?? '/'), 'tree'),
    };
    return String((await scope.perform('groups.create', { body })).id);
  },
  async change(scope, _name, { id }, wanted) {
    const body = changedOf(wanted, Object.keys(groupMembers));
    await scope.perform('groups.update', { params: { group_id: id }, body });
  },
  async remove(scope, _name, { id }) {
    await scope.perform('groups.delete', { params: { group_id: id } });
  },
};
