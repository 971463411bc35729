/** All that decides about access in a tenant, as the tables say it at one moment; and a plain reading of its rules. */
import { type Database, rows } from '../../../src/platform/database.ts';

interface Row {
  id: string;
}
interface Node extends Row {
  parentId: string | null;
  name: string;
  active: boolean;
  isDeleted: boolean;
}
interface Held extends Row {
  userId: string;
  orgNodeId: string;
  startsAt: Date;
  endsAt: Date | null;
}
interface Assignment extends Held {
  roleId: string;
  assignedBy: string | null;
}

interface Tables {
  tenants: (Row & { state: string })[];
  users: (Row & { state: string; isDeleted: boolean })[];
  nodes: Node[];
  roles: (Row & { name: string; isDeleted: boolean })[];
  carried: { roleId: string; key: string }[];
  assignments: Assignment[];
  grants: Held[];
}

export class Snapshot {
  readonly moment: Date;
  readonly #tables: Tables;
  readonly #nodes: ReadonlyMap<string, Node>;
  readonly #roles: ReadonlyMap<string, Tables['roles'][number]>;

  private constructor(moment: Date, tables: Tables) {
    this.moment = moment;
    this.#tables = tables;
    this.#nodes = new Map(tables.nodes.map((node) => [node.id, node]));
    this.#roles = new Map(tables.roles.map((role) => [role.id, role]));
  }

  /** @param moment at which nothing was being changed */
  static async take(db: Database, tenantId: string, moment: Date): Promise<Snapshot> {
    const all = <T>(sql: string) => rows<T>(db, sql, { tenantId });
    const gone = 'deleted_at is not null as is_deleted';
    return new Snapshot(moment, {
      tenants: await all('select id, state from tenants where id = :tenantId'),
      users: await all(`select id, state, ${gone} from users where tenant_id = :tenantId`),
      nodes: await all(`select id, parent_id, name, active, ${gone} from org_nodes where tenant_id = :tenantId`),
      roles: await all(`select id, name, ${gone} from roles where tenant_id = :tenantId`),
      carried: await all(
        `select rc.role_id, c.key
           from role_capabilities rc join capabilities c on c.id = rc.capability_id and c.deleted_at is null
          where rc.tenant_id = :tenantId`,
      ),
      assignments: await all('select * from org_assignments where tenant_id = :tenantId'),
      grants: await all('select * from visibility_grants where tenant_id = :tenantId'),
    });
  }

  nodes(): string[] {
    return [...this.#nodes.keys()].sort();
  }

  /** The node and those above it. */
  #up(nodeId: string): Node[] {
    const node = this.#nodes.get(nodeId);
    if (!node) return [];
    return node.parentId === null ? [node] : [node, ...this.#up(node.parentId)];
  }

  #isReachable(nodeId: string): boolean {
    const up = this.#up(nodeId);
    return up.length > 0 && up.every(({ active, isDeleted }) => active && !isDeleted);
  }

  isAtOrBelow(nodeId: string, among: readonly string[]): boolean {
    return this.#up(nodeId).some(({ id }) => among.includes(id));
  }

  /** Whether what is held somewhere counts at a node. */
  counts({ orgNodeId }: { orgNodeId: string }, wanted: string): boolean {
    return this.#isReachable(wanted) && this.isAtOrBelow(wanted, [orgNodeId]);
  }

  #mayAct(userId: string): boolean {
    const user = this.#tables.users.find(({ id }) => id === userId);
    return user?.state === 'active' && !user.isDeleted && this.#tables.tenants[0]?.state === 'active';
  }

  #isHeld({ userId, orgNodeId, startsAt, endsAt }: Held): boolean {
    const isLive = startsAt <= this.moment && (endsAt === null || this.moment < endsAt);
    return isLive && this.#mayAct(userId) && this.#isReachable(orgNodeId);
  }

  /** Every assignment that counts, by names as they were. */
  #assignments() {
    return this.#tables.assignments
      .filter((held) => this.#isHeld(held) && this.#roles.get(held.roleId)?.isDeleted === false)
      .map((held) => ({
        ...held,
        role: this.#roles.get(held.roleId)?.name ?? '',
        orgNode: this.#nodes.get(held.orgNodeId)?.name ?? '',
      }))
      .sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  carriedBy(roleId: string): string[] {
    return this.#tables.carried.flatMap((carried) => (carried.roleId === roleId ? [carried.key] : [])).sort();
  }

  accessOf(userId: string) {
    const assignments = this.#assignments().filter((held) => held.userId === userId);
    const grants = this.#tables.grants.filter((held) => held.userId === userId && this.#isHeld(held));
    const ends = [...assignments, ...grants].flatMap(({ endsAt }) => (endsAt ? [endsAt.getTime()] : []));
    return {
      mayAct: this.#mayAct(userId),
      assignments,
      grants,
      roles: [...new Set(assignments.map(({ role }) => role))].sort(),
      capabilities: [...new Set(assignments.flatMap(({ roleId }) => this.carriedBy(roleId)))].sort(),
      earliestEnd: ends.length > 0 ? Math.min(...ends) : undefined,
    };
  }

  /** The assignments by which people may do something at a node. */
  holdersAt(nodeId: string, capability: string) {
    return this.#assignments().filter(
      (held) => this.counts(held, nodeId) && this.carriedBy(held.roleId).includes(capability),
    );
  }
}
