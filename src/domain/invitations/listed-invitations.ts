/** The invitations of a tenant as people read them: by state, and by the place that they lead to. */
import type { Database } from '../../platform/database.ts';
import { isId } from '../../platform/ids.ts';
import { emptyPage, type Page, type PageRequest } from '../../platform/paging.ts';
import { type InvitationRow, type ListedInvitationRow, selectInvitations } from './invitation-store.ts';

/**
 * The invitations of a tenant in the order of their ids.
 * @param query.under to places at or below this node alone
 * @param query.within to places at or below these nodes alone
 * @throws DomainError invalid CURSOR_INVALID
 */
export async function listInvitations(
  db: Database,
  {
    tenantId,
    state = null,
    under = null,
    within,
    ...page
  }: PageRequest & {
    tenantId: string;
    state?: InvitationRow['state'] | null;
    under?: string | null;
    within?: readonly string[];
  },
): Promise<Page<ListedInvitationRow>> {
  if (!isId(tenantId) || (under !== null && !isId(under))) return emptyPage();
  return selectInvitations(db, { tenantId, state, under, within }, page);
}
