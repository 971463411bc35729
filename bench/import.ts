/**
 * What bringing people in costs, over HTTP: each with an address, an external id, a password that another system hashed, an
 * account elsewhere and a role at one of some places. Then the same file again, which changes nothing. Run it with
 * `node bench/import.ts [--people 100000]`; the processor time is that of the server's process, which makes the requests too.
 */
import { parseArgs } from 'node:util';
import { systemCaller } from '../src/domain/audit/audit-events.ts';
import { createOrgNode } from '../src/domain/organisation/org-nodes.ts';
import { importAs } from '../test/support/import.ts';
import { managementCapabilities, serviceToken } from '../test/support/management.ts';
import { onTestServer } from './test-server.ts';

const { values } = parseArgs({ options: { people: { type: 'string', default: '100000' } } });
const people = Number(values.people);
const places = 200;

function rowOf(n: number): object {
  return {
    external_id: `old-${n}`,
    email: `person-${n}@import.example`,
    email_verified: true,
    full_name: `Person ${n}`,
    metadata: { number: n },
    password_hash: '$2b$10$abcdefghijklmnopqrstuuHNbAKRhpaujgo33bRWs.NLUTJO3lOy2',
    identities: [{ provider: 'cognito', subject: `sub-${n}` }],
    roles: [{ role: 'member', place: `place-${n % places}` }],
  };
}

await onTestServer(async (app) => {
  const { id: tenantId, rootNodeId: parentId } = await app.tenant();
  for (let n = 0; n < places; n += 1) {
    const place = { tenantId, parentId, type: 'school', name: `Place ${n}`, externalId: `place-${n}` };
    await createOrgNode(app.db, place, systemCaller);
  }
  const token = await serviceToken(app, { tenantId, capabilities: managementCapabilities });
  const rows = Array.from({ length: people }, (_, n) => rowOf(n));
  for (const round of ['new', 'the same again']) {
    const [began, used] = [performance.now(), process.cpuUsage()];
    const { outcomes } = await importAs(app, token, rows);
    const seconds = (performance.now() - began) / 1000;
    const cpu = process.cpuUsage(used);
    const counts = Object.entries(Object.groupBy(outcomes, (outcome) => outcome)).map(
      ([outcome, some]) => `${some?.length} ${outcome}`,
    );
    const processor = ((cpu.user + cpu.system) / 1e6).toFixed(1);
    process.stdout.write(`${round}: ${seconds.toFixed(1)} s, ${processor} s of the process; ${counts.join(', ')}\n`);
  }
});
