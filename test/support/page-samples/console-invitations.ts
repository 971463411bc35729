/** The console's section Invitations. */
import { consoleFrame, listOf } from '../console-samples.ts';
import type { PageSample } from '../page-samples.ts';

const frame = consoleFrame('invitations');
const base = '/console/northwind/invitations';
const invitation = {
  id: 'i1',
  email: 'kim@northwind.example',
  phone: null,
  state: 'open',
  sent_count: 2,
  sent_at: '2025-11-19T10:00:00Z',
  expires_at: '2025-11-26T10:00:00Z',
  accepted_at: null,
  revoked_at: null,
  created_at: '2025-11-12T10:00:00Z',
  role_id: 'r1',
  role: 'Teacher',
  org_node_id: 'n1',
  org_node: 'North Region',
} as const;
const roleHref = '/console/northwind/roles/r1';
const placeHref = '/console/northwind/organisation/n1';
const listed = { ...invitation, href: `${base}/i1` };
const ended = { ...listed, email: null, phone: '+46701740605', id: 'i2', state: 'revoked' } as const;
const createHref = `/console/northwind/place?back=${base}/new`;

export const samples: PageSample[] = [
  {
    name: 'console-invitations',
    view: 'console/invitations/list',
    page: {},
    model: { frame, list: listOf('console.invitations', base, [listed, ended]), createHref },
  },
  {
    name: 'console-invitations-empty',
    view: 'console/invitations/list',
    page: {},
    model: { frame, list: listOf('console.invitations', base, []) },
  },
  {
    name: 'console-invitation',
    view: 'console/invitations/invitation',
    page: {},
    model: {
      frame,
      invitation,
      backHref: base,
      roleHref,
      placeHref,
      resendHref: `${base}/i1/resend`,
      revokeHref: `${base}/i1/revoke`,
    },
  },
  {
    name: 'console-invitation-accepted',
    view: 'console/invitations/invitation',
    page: {},
    model: {
      frame,
      invitation: { ...invitation, state: 'accepted', accepted_at: '2025-11-20T10:00:00Z' },
      backHref: base,
    },
  },
];
