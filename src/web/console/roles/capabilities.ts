/** The capabilities there are, as the pages of roles show them: by the part of the product that they belong to. */
import { askList } from '../ask.ts';
import type { Visit } from '../visit.ts';

/** As `capabilities.list` answers. */
export interface Capability {
  key: string;
  description: string | null;
  module: string | null;
  is_system: boolean;
}

/** Of one part; `module` is null for those that name none. Gatehouse's own are apart. */
export interface CapabilityGroup {
  module: string | null;
  isSystem: boolean;
  capabilities: Capability[];
}

/** More than these are not drawn: a server has some dozens. */
const most = 1_000;

/** All of them, in the order of their keys. */
export async function readCapabilities(visit: Visit): Promise<Capability[]> {
  const all: Capability[] = [];
  let after: string | undefined;
  do {
    const { items, next } = await askList<Capability>(visit, 'capabilities.list', { query: { limit: 200, after } });
    all.push(...items);
    after = next ?? undefined;
  } while (after !== undefined && all.length < most);
  return all.sort((left, right) => (left.key < right.key ? -1 : 1));
}

/** Those of applications first, part by part; Gatehouse's own after them. */
export function grouped(capabilities: readonly Capability[]): CapabilityGroup[] {
  const groups = new Map<string, CapabilityGroup>();
  for (const capability of capabilities) {
    const { module, is_system: isSystem } = capability;
    const key = `${isSystem ? 1 : 0} ${module ?? ''}`;
    const group = groups.get(key) ?? { module, isSystem, capabilities: [] };
    group.capabilities.push(capability);
    groups.set(key, group);
  }
  return [...groups].sort(([left], [right]) => (left < right ? -1 : 1)).map(([, group]) => group);
}
