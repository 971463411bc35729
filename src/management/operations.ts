/** Every operation of the management API, by resource. */
import { assignments } from './assignments.ts';
import type { AnyOperation } from './operation.ts';
import { orgNodes } from './org-nodes.ts';
import { roles } from './roles.ts';
import { visibilityGrants } from './visibility-grants.ts';

export const operations: readonly AnyOperation[] = [...orgNodes, ...roles, ...assignments, ...visibilityGrants];

/** @throws Error where there is no such operation */
export function operationOf(id: string): AnyOperation {
  const found = operations.find((operation) => operation.id === id);
  if (!found) throw new Error(`no operation ${id}`);
  return found;
}
