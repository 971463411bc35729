/** What to look at of the section Invitations. */
import type { Tour } from '../../console-screenshots.ts';

export const tour: Tour = ({ invitationIds: [id], nodeIds }) => [
  { name: 'list', path: '/invitations' },
  { name: 'new', path: `/invitations/new?at=${nodeIds[0]}` },
  { name: 'one', path: `/invitations/${id}` },
  { name: 'resend', path: `/invitations/${id}/resend` },
  { name: 'revoke', path: `/invitations/${id}/revoke` },
];
