/** Prints the organisation tree and who holds what in it. `node examples/management-client/start.ts`; a Gatehouse must run. */
import { createManagementClient, everyItem, type ManagementClient } from './client.ts';

/** A line for each place, and below it one for each assignment. */
export async function* describeTree(client: ManagementClient): AsyncGenerator<string> {
  const nodes = everyItem((after) => client.GET('/org-nodes', { params: { query: { after, limit: 200 } } }));
  for await (const node of nodes) {
    yield `${node.name} (${node.type})`;
    const query = { org_node_id: node.id, limit: 200 };
    const held = everyItem((after) => client.GET('/assignments', { params: { query: { ...query, after } } }));
    for await (const assignment of held) {
      const until = assignment.ends_at ? ` until ${assignment.ends_at}` : '';
      yield `  role ${assignment.role_id}: user ${assignment.user_id}${until}`;
    }
  }
}

async function main(): Promise<void> {
  const { ISSUER: issuer, CLIENT_ID: clientId, CLIENT_SECRET: clientSecret } = process.env;
  if (!issuer || !clientId || !clientSecret) throw new Error('Set ISSUER, CLIENT_ID and CLIENT_SECRET.');
  const client = await createManagementClient({ issuer, clientId, clientSecret });
  for await (const line of describeTree(client)) console.log(line);
}

if (import.meta.main) {
  try {
    await main();
  } catch (error) {
    console.error((error as Error).message);
    process.exitCode = 1;
  }
}
