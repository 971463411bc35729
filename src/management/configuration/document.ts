/**
 * The configuration file as data: its shape, made of the shapes of its sections. Refuses unknown members and names, by the path of
 * each. Reading files, and where in them something stands, is for the command line.
 */
import { z } from 'zod';
import { ConfigurationFault } from './fault.ts';
import type { Entry, Section } from './section.ts';
import { theSettings } from './sections/tenants-section.ts';
import { sections } from './sections.ts';
import { type NodeEntry, treeShape } from './tree.ts';

/** What is written at the top of a file; another number is another form. */
export const formVersion = 1;

type Entries = Record<string, Entry>;

/** A configuration that is well formed. Whether the rules let it be is seen when it is tried. */
export interface ConfigurationDocument {
  gatehouse: typeof formVersion;
  /** By the key of a section. */
  server: ReadonlyMap<string, Entries>;
  tenants: ReadonlyMap<string, TenantDocument>;
}

export interface TenantDocument {
  sections: ReadonlyMap<string, Entries>;
  tree?: readonly NodeEntry[];
}

const shapeOf = ({ name, entry }: Section) => z.record(name, entry);

function membersFor(where: 'server' | 'tenant'): Record<string, z.ZodType> {
  const shown = sections.filter(({ key, of }) => of.includes(where) && key !== 'tenants');
  return Object.fromEntries(
    shown.map((section) => [
      section.key,
      (section.key === theSettings ? section.entry : shapeOf(section)).optional() as z.ZodType,
    ]),
  );
}

const tenantsSection = sections.find(({ key }) => key === 'tenants') as Section;

/** The whole file; `npm run docs` writes it down for editors. */
export const documentShape = z.strictObject({
  gatehouse: z.literal(formVersion).meta({ description: 'The form of this file' }),
  ...membersFor('server'),
  tenants: z
    .record(
      tenantsSection.name,
      z.strictObject({ ...tenantsSection.entry.shape, ...membersFor('tenant'), tree: treeShape.optional() }),
    )
    .optional(),
});

const mostFaults = 20;

/**
 * A value as a configuration, or every fault that it has, by its path.
 * @param value of a parsed file, or of several that were put together
 */
export function readDocument(value: unknown): { document: ConfigurationDocument } | { faults: ConfigurationFault[] } {
  const parsed = documentShape.safeParse(value);
  if (!parsed.success) return { faults: parsed.error.issues.flatMap(faultsOfIssue).slice(0, mostFaults) };
  return { document: documentOf(parsed.data) };
}

function faultsOfIssue(issue: z.core.$ZodIssue): ConfigurationFault[] {
  const path = issue.path as (string | number)[];
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => new ConfigurationFault([...path, key], 'is not known here'));
  if (issue.code === 'invalid_key') return [new ConfigurationFault(path, 'cannot be called so')];
  // Of several shapes, the fault of the one that came the farthest.
  if (issue.code === 'invalid_union') {
    const nested = issue.errors.flat().toSorted((left, right) => right.path.length - left.path.length)[0];
    if (nested) return faultsOfIssue({ ...nested, path: [...path, ...nested.path] });
  }
  return [new ConfigurationFault(path, issue.message)];
}

function documentOf(value: object): ConfigurationDocument {
  const {
    gatehouse,
    tenants = {},
    ...server
  } = value as Record<string, unknown> & {
    gatehouse: typeof formVersion;
    tenants?: Record<string, Record<string, unknown>>;
  };
  const found = new Map<string, TenantDocument>();
  const profiles: Entries = {};
  for (const [slug, { name, state, tree, ...rest }] of Object.entries(tenants)) {
    profiles[slug] = plain({ name, state }) as Entry;
    const entries = Object.entries(rest).map(([key, one]): [string, Entries] => [
      key,
      key === theSettings ? { [theSettings]: plain(one) as Entry } : entriesOf(one as Entries),
    ]);
    found.set(slug, { sections: new Map(entries), ...(tree !== undefined && { tree: tree as NodeEntry[] }) });
  }
  const ofServer = Object.entries(server).map(([key, one]): [string, Entries] => [key, entriesOf(one as Entries)]);
  return { gatehouse, server: new Map([['tenants', profiles], ...ofServer]), tenants: found };
}

function entriesOf(entries: Entries): Entries {
  return Object.fromEntries(Object.entries(entries).map(([name, entry]) => [name, plain(entry) as Entry]));
}

/** Without members that are not named. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, member]) => member !== undefined)
      .map(([name, member]) => [name, plain(member)]),
  );
}
