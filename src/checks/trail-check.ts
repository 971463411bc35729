/** Whether the audit trail is out of the reach of the program itself, and how it gets there. */
import { findTrailReach } from '../domain/audit/trail-reach.ts';
import type { Check } from '../management/check.ts';
import type { Installation } from './installation.ts';

export async function checkTrail({ db }: Installation): Promise<Check> {
  const name = 'audit trail';
  const { role, owner, ways, isSuperuser } = await findTrailReach(db);
  if (ways.length === 0)
    return { name, status: 'ok', detail: `append-only: it belongs to ${owner}, and the server works as ${role}` };
  const detail = `the server’s role ${role} could change it: ${ways.join('; ')}`;
  if (role === owner || isSuperuser) {
    const first = `create role gatehouse_server login password '…'`;
    const advice = `As the present role, or a superuser: ${first}; set DATABASE_URL to it; then run once, with the present URL: DATABASE_OWNER_URL=… gatehouse migrate. docs/deployment.md tells the rest.`;
    return { name, status: 'warn', detail, advice };
  }
  const advice = 'Take that from it; docs/deployment.md has the commands, under "Two roles".';
  return { name, status: 'warn', detail, advice };
}
