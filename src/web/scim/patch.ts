/**
 * PATCH of a resource (RFC 7644 section 3.5.2), applied to what it is now: what comes of it is then written like any other
 * change. Reads what Entra ID and Okta say beside the standard: operations in capitals, a value without a path, names with dots
 * as its keys, a lone value where several are. Owns how many operations there may be.
 */
import { type AttributePath, type Filter, type FilterValue, parseAttributePath } from '../../platform/filter.ts';
import { type Attribute, isObject, type Json, placeOf, type ResourceType, readResource, shaped } from './schemas.ts';
import { invalidSyntax, invalidValue, ScimError } from './scim-error.ts';

export const patchSchema = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';

export interface PatchOperation {
  op: 'add' | 'replace' | 'remove';
  path?: string;
  value: unknown;
}

const mostOperations = 1_000;

/** The operations of a body. @throws ScimError invalidSyntax */
export function readPatch(body: Json): PatchOperation[] {
  const [, operations] = Object.entries(body).find(([name]) => name.toLowerCase() === 'operations') ?? [];
  if (!Array.isArray(operations) || operations.length === 0) throw invalidSyntax('Operations are missing');
  if (operations.length > mostOperations)
    throw new ScimError(400, `at the most ${mostOperations} operations`, 'tooMany');
  return operations.map((one: unknown) => {
    const op = isObject(one) && typeof one.op === 'string' ? one.op.toLowerCase() : '';
    if (!isObject(one) || (op !== 'add' && op !== 'replace' && op !== 'remove'))
      throw invalidSyntax('an operation is add, replace or remove');
    const { path, value } = one;
    if (path !== undefined && path !== null && typeof path !== 'string') throw invalidPath(String(path));
    const isBare = path === undefined || path === null || path === '';
    if (isBare && op === 'remove') throw new ScimError(400, 'what is removed needs a path', 'noTarget');
    return { op, value, ...(!isBare && { path: path as string }) };
  });
}

/** The resource afterwards, in its form. @throws ScimError */
export function patched(type: ResourceType, before: Json, operations: readonly PatchOperation[]): Json {
  const after = structuredClone(before);
  for (const operation of operations) {
    if (operation.path !== undefined) applyAt(type, after, operation.path, operation);
    else applyMembers(type, after, operation);
  }
  return readResource(type, after);
}

/** Each member of the value by itself. What is not known is passed over, as in a whole resource. */
function applyMembers(type: ResourceType, target: Json, { op, value }: PatchOperation): void {
  if (!isObject(value)) throw invalidValue('a value without a path is an object');
  for (const [key, member] of Object.entries(value)) {
    if (key.toLowerCase() === type.extension.id.toLowerCase() || key.toLowerCase() === type.core.id.toLowerCase()) {
      if (!isObject(member)) throw invalidValue(`${key} is an object`);
      for (const [sub, inner] of Object.entries(member))
        applyKnown(type, target, `${key}:${sub}`, { op, value: inner });
    } else applyKnown(type, target, key, { op, value: member });
  }
}

function applyKnown(type: ResourceType, target: Json, path: string, operation: PatchOperation): void {
  const place = placeOf(type, parsedPath(path).path);
  // Whole resources come back with what is ours alone.
  if (place && !isOurs(place.steps)) applyAt(type, target, path, operation);
}

function parsedPath(path: string): AttributePath {
  try {
    return parseAttributePath(path);
  } catch {
    throw new ScimError(400, `the path cannot be read: ${path}`, 'invalidPath');
  }
}

function invalidPath(path: string): ScimError {
  return new ScimError(400, `there is no ${path}`, 'invalidPath');
}

const isOurs = ([first = '']: readonly string[]) => ['id', 'meta', 'schemas', 'groups'].includes(first);

function applyAt(type: ResourceType, target: Json, path: string, { op, value }: PatchOperation): void {
  const { path: name, filter, sub } = parsedPath(path);
  // The URN of an extension alone names all of it.
  if (name.toLowerCase() === type.extension.id.toLowerCase() && isObject(value)) {
    applyMembers(type, target, { op, value: { [type.extension.id]: value } });
    return;
  }
  const place = placeOf(type, name);
  if (!place) throw invalidPath(path);
  const { steps, attribute } = place;
  if (isOurs(steps)) throw new ScimError(400, `${name} is not changed`, 'mutability');
  if (filter) {
    if (!attribute.multiValued) throw invalidPath(path);
    applyToMatching(target, steps, attribute, { op, value, filter, sub });
    return;
  }
  const whole = steps.length > 1 ? placeOf(type, name.slice(0, name.lastIndexOf('.'))) : undefined;
  if (whole?.attribute.multiValued && whole.steps.length < steps.length) {
    applyToMatching(target, whole.steps, whole.attribute, { op, value, sub: attribute.name });
    return;
  }
  applyPlain(target, steps, attribute, { op, value });
}

/** The object in which the last step is a member. */
function parentOf(target: Json, steps: readonly string[]): Json {
  let at = target;
  for (const step of steps.slice(0, -1)) {
    if (!isObject(at[step])) at[step] = {};
    at = at[step] as Json;
  }
  return at;
}

function applyPlain(target: Json, steps: readonly string[], attribute: Attribute, { op, value }: PatchOperation): void {
  const parent = parentOf(target, steps);
  const name = steps.at(-1) as string;
  const given = op === 'remove' && !attribute.multiValued ? undefined : shaped(value, attribute);
  if (attribute.multiValued) {
    const before = Array.isArray(parent[name]) ? (parent[name] as unknown[]) : [];
    const values = (given ?? []) as unknown[];
    if (op === 'add') parent[name] = joined(before, values);
    else if (op === 'replace') parent[name] = values;
    // Without a value all of them go.
    else parent[name] = values.length > 0 ? before.filter((one) => !values.some((gone) => isSame(one, gone))) : [];
    return;
  }
  if (given === undefined) delete parent[name];
  else if (isObject(given) && isObject(parent[name])) parent[name] = { ...(parent[name] as Json), ...given };
  else parent[name] = given;
}

const contentOf = (one: unknown) => (isObject(one) && one.value !== undefined ? one.value : JSON.stringify(one));
const kindOf = (one: unknown) => (isObject(one) && typeof one.type === 'string' ? one.type.toLowerCase() : undefined);

function isSame(one: unknown, other: unknown): boolean {
  return contentOf(one) === contentOf(other) && (kindOf(other) === undefined || kindOf(one) === kindOf(other));
}

/** What is there already is replaced; of several primary ones the new one is (RFC 7643 section 2.4). */
function joined(before: readonly unknown[], added: readonly unknown[]): unknown[] {
  const isPrimary = added.some((one) => isObject(one) && isTrue(one.primary));
  const kept = before
    .filter((one) => !added.some((other) => isSame(one, other)))
    .map((one) => (isPrimary && isObject(one) && one.primary !== undefined ? { ...one, primary: false } : one));
  return [...kept, ...added];
}

export function isTrue(value: unknown): boolean {
  return value === true || (typeof value === 'string' && value.toLowerCase() === 'true');
}

interface Targeted {
  op: PatchOperation['op'];
  value: unknown;
  /** Absent: all of them. */
  filter?: Filter;
  sub?: string;
}

function applyToMatching(target: Json, steps: readonly string[], attribute: Attribute, targeted: Targeted): void {
  const { op, value, filter, sub } = targeted;
  const parent = parentOf(target, steps);
  const name = steps.at(-1) as string;
  const values = Array.isArray(parent[name]) ? (parent[name] as unknown[]) : [];
  const member =
    sub === undefined
      ? undefined
      : attribute.subAttributes?.find((one) => one.name.toLowerCase() === sub.toLowerCase());
  if (sub !== undefined && !member) throw invalidPath(`${attribute.name}.${sub}`);
  const matches = (one: unknown) => !filter || (isObject(one) && fits(one, filter));
  if (op === 'remove') {
    parent[name] = member
      ? values.map((one) => (matches(one) ? without(one, member.name) : one))
      : values.filter((one) => !matches(one));
    return;
  }
  const given = member
    ? shaped(value, member)
    : (shaped(value, { ...attribute, multiValued: false }) as Json | undefined);
  if (!member && given === undefined) throw invalidValue(`${attribute.name} needs a value`);
  const changed = (one: unknown) => ({
    ...(isObject(one) ? one : {}),
    ...(member ? { [member.name]: given } : (given as Json)),
  });
  if (values.some(matches)) {
    parent[name] = values.map((one) => (matches(one) ? changed(one) : one));
    return;
  }
  // Entra ID replaces what is not there yet. What it is told by the filter is what it becomes.
  const become = filter ? equalities(filter, attribute) : {};
  if (!become) throw new ScimError(400, `no ${attribute.name} is so`, 'noTarget');
  parent[name] = [...values, changed(become)];
}

function without(one: unknown, name: string): unknown {
  return isObject(one) ? Object.fromEntries(Object.entries(one).filter(([key]) => key !== name)) : one;
}

/** `type eq "work"` as a value; undefined for what says no one value. */
function equalities(filter: Filter, { subAttributes = [] }: Attribute): Json | undefined {
  if (filter.kind === 'compare' && filter.op === 'eq') {
    const sub = subAttributes.find((one) => one.name.toLowerCase() === filter.path.toLowerCase());
    return sub && { [sub.name]: filter.value };
  }
  if (filter.kind !== 'and') return undefined;
  const [left, right] = [filter.left, filter.right].map((one) => equalities(one, { subAttributes } as Attribute));
  return left && right && { ...left, ...right };
}

/** Whether a value of several is as a filter says. */
export function fits(one: Json, filter: Filter): boolean {
  switch (filter.kind) {
    case 'and':
      return fits(one, filter.left) && fits(one, filter.right);
    case 'or':
      return fits(one, filter.left) || fits(one, filter.right);
    case 'not':
      return !fits(one, filter.filter);
    case 'within':
      throw new ScimError(400, 'there is nothing within a value', 'invalidFilter');
    default: {
      const [, found] = Object.entries(one).find(([key]) => key.toLowerCase() === filter.path.toLowerCase()) ?? [];
      if (filter.kind === 'present') return found !== undefined && found !== null && found !== '';
      return compared(found, filter.op, filter.value);
    }
  }
}

function compared(found: unknown, op: Extract<Filter, { kind: 'compare' }>['op'], value: FilterValue): boolean {
  const own = String(found ?? '').toLowerCase();
  const other = String(value ?? '').toLowerCase();
  switch (op) {
    case 'eq':
      return own === other;
    case 'ne':
      return own !== other;
    case 'co':
      return own.includes(other);
    case 'sw':
      return own.startsWith(other);
    case 'ew':
      return own.endsWith(other);
    case 'gt':
      return own > other;
    case 'ge':
      return own >= other;
    case 'lt':
      return own < other;
    case 'le':
      return own <= other;
  }
}
