/**
 * Operations on invitations. An invitation gives a role at a node, so that making one and sending it again ask for the same as
 * giving the role; and the domain asks once more when it is accepted.
 */
import { z } from 'zod';
import { findInvitationById, revokeInvitation } from '../domain/invitations/invitations.ts';
import { listInvitations } from '../domain/invitations/listed-invitations.ts';
import { createInvitation, resendInvitation } from '../domain/invitations/send-invitation.ts';
import { checkMailAddress } from '../domain/messages/mail-policy.ts';
import { findNames } from '../domain/organisation/names.ts';
import { canonicalEmail } from '../domain/users/canonical-address.ts';
import { DomainError } from '../platform/errors.ts';
import type { Actor } from './actor.ts';
import { type Lookup, type ManagementDependencies, operation } from './operation.ts';
import { within } from './reach.ts';
import { id, pageQuery, text, time, timeIn } from './shapes.ts';

const channel = z.enum(['email', 'sms', 'whatsapp']);
const state = z.enum(['open', 'expired', 'accepted', 'revoked']);
const Invitation = z
  .object({
    id,
    email: z.string().nullable(),
    phone: z.string().nullable(),
    channel,
    role_id: id,
    org_node_id: id,
    state: state.meta({ description: '`expired` may be sent again' }),
    invited_by: id.nullable().meta({ description: 'The person of the tenant who invited' }),
    sent_count: z.int(),
    sent_at: time,
    expires_at: time,
    accepted_at: time.nullable(),
    accepted_by: id.nullable(),
    revoked_at: time.nullable(),
    created_at: time,
  })
  .meta({ id: 'Invitation' });
const ListedInvitation = Invitation.extend({
  role: z.string().meta({ description: 'The name of the role' }),
  org_node: z.string().meta({ description: 'The name of the place' }),
}).meta({ id: 'ListedInvitation' });
const params = z.strictObject({ invitation_id: id });
const expiry = timeIn.optional().meta({ description: 'How long the link works: 30 days at the most; default 7' });
const locale = z.enum(['en', 'fr']).default('en').meta({ description: 'The language of the message' });

type Named = { params: { invitation_id: string } };

const found = ({ params }: Named, { db, tenantId }: Lookup) =>
  findInvitationById(db, { tenantId, invitationId: params.invitation_id });
const itsNode = async (input: Named, lookup: Lookup) => (await found(input, lookup))?.orgNodeId;

async function whatItGives(input: Named, lookup: Lookup) {
  const invitation = await found(input, lookup);
  return invitation && { roleId: invitation.roleId, orgNodeId: invitation.orgNodeId, endsAt: null };
}

function sending(
  { secrets, issuer, channels, phoneCountries, budgets }: ManagementDependencies,
  { caller }: Pick<Actor, 'caller'>,
) {
  return { secrets, issuer, channels, phoneCountries, budgets, caller };
}

const refusals = ['CHANNEL_UNAVAILABLE', 'MESSAGES_EXHAUSTED', 'PERIOD_INVALID', 'PRIVILEGE_EXCEEDED'] as const;

export const invitations = [
  operation({
    id: 'invitations.list',
    method: 'GET',
    path: '/invitations',
    summary: 'List the invitations to places within reach',
    needs: { capability: 'invitations.manage', at: 'anywhere' },
    query: pageQuery.extend({
      state: state.optional(),
      under: id.optional().meta({ description: 'To places at this node or below it' }),
    }),
    list: true,
    answer: ListedInvitation,
    run: async ({ db, tenantId, query, reach }) => {
      const { items, next } = await listInvitations(db, { tenantId, ...query, ...within(reach) });
      return { items: items.map((row) => ({ ...row, role: row.roleName, orgNode: row.nodeName })), next };
    },
  }),
  operation({
    id: 'invitations.create',
    method: 'POST',
    path: '/invitations',
    summary: 'Invite the holder of an address to a role at a place',
    description:
      'The link goes to the address and nowhere else. What waits for the same address and place is replaced.',
    needs: {
      capability: 'invitations.manage',
      at: ({ body }) => body.org_node_id,
      gives: ({ body }) => ({ roleId: body.role_id, orgNodeId: body.org_node_id, endsAt: null }),
    },
    body: z.strictObject({
      email: text(320).optional(),
      phone: text(40).optional().meta({ description: 'In place of an email address' }),
      channel: channel.optional(),
      role_id: id,
      org_node_id: id,
      expires_at: expiry,
      locale,
    }),
    answer: Invitation,
    errors: [
      ...refusals,
      'EMAIL_INVALID',
      'EMAIL_NOT_SUPPORTED',
      'PHONE_INVALID',
      'PHONE_NOT_SUPPORTED',
      'FIELD_REQUIRED',
      'INVALID_INPUT',
    ],
    idempotent: true,
    // May ask the mail server.
    prepare: async ({ body: { email } }, { deps }) =>
      email === undefined ? undefined : checkMailAddress(canonicalEmail(email), deps),
    run: ({ db, tenantId, body, actor, deps }) => {
      const { role_id: roleId, org_node_id: orgNodeId, expires_at: expiresAt, ...rest } = body;
      return createInvitation(db, { tenantId, roleId, orgNodeId, expiresAt, ...rest }, sending(deps, actor));
    },
  }),
  operation({
    id: 'invitations.get',
    method: 'GET',
    path: '/invitations/{invitation_id}',
    summary: 'Show an invitation',
    needs: { capability: 'invitations.manage', at: itsNode },
    params,
    answer: ListedInvitation,
    run: async (run) => {
      const invitation = await found(run, run);
      if (!invitation) throw new DomainError('not_found', 'NOT_FOUND');
      const { roleId, orgNodeId } = invitation;
      const names = await findNames(run.db, { tenantId: run.tenantId, ids: [roleId, orgNodeId], withPeople: false });
      return { ...invitation, role: names.get(roleId)?.name, orgNode: names.get(orgNodeId)?.name };
    },
  }),
  operation({
    id: 'invitations.resend',
    method: 'POST',
    path: '/invitations/{invitation_id}/resend',
    summary: 'Send an invitation again, with a new link',
    description: 'The link before works no more. An invitation that has expired works again.',
    needs: { capability: 'invitations.manage', at: itsNode, gives: whatItGives },
    params,
    body: z.strictObject({ expires_at: expiry, locale }),
    answer: Invitation,
    errors: [...refusals, 'INVITATION_ACCEPTED', 'INVITATION_REVOKED'],
    run: ({ db, tenantId, params, body, actor, deps }) =>
      resendInvitation(
        db,
        { tenantId, invitationId: params.invitation_id, expiresAt: body.expires_at, locale: body.locale },
        sending(deps, actor),
      ),
  }),
  operation({
    id: 'invitations.revoke',
    method: 'POST',
    path: '/invitations/{invitation_id}/revoke',
    summary: 'Withdraw an invitation',
    needs: { capability: 'invitations.manage', at: itsNode },
    params,
    errors: ['INVITATION_ACCEPTED'],
    run: async ({ db, tenantId, params, actor }) => {
      await revokeInvitation(db, { tenantId, invitationId: params.invitation_id }, actor.caller);
      return undefined;
    },
  }),
];
