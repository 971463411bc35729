/**
 * What has to be done so that all is as a configuration says: steps, each of them a change that a reader is shown and the operations
 * that make it. Found by holding whole sections against each other, a few statements each; looking changes nothing.
 */

import { memberChanges } from './differences.ts';
import type { ConfigurationDocument } from './document.ts';
import { ConfigurationFault, type Path } from './fault.ts';
import type { Entry, Found, MemberChange, Scope, Section } from './section.ts';
import { theSettings } from './sections/tenants-section.ts';
import { sectionsAfterTree, sectionsBeforeTree } from './sections.ts';
import { planTree } from './tree.ts';
import { readTree, treeRemovals, treeSteps } from './tree-steps.ts';

/** A difference, as it is shown. Holds no secret. */
export interface Change {
  action: 'add' | 'change' | 'remove' | 'rotate';
  /** Of the document: `roles`. */
  section: string;
  /** `role` */
  noun: string;
  /** The slug; null: of the server. */
  tenant: string | null;
  name: string;
  members: MemberChange[];
}

/** What makes several steps at once, as running each of them would. Refused, it leaves all as it was, and does not say which it was. */
export interface StepBatch {
  run(steps: readonly Step[]): Promise<void>;
}

export interface Step {
  /** Where the file says it. */
  path: Path;
  change: Change;
  run(): Promise<void>;
  /** Steps beside each other that have the same one may be run by it. */
  batch?: StepBatch;
}

export interface PlanOptions {
  /** Remove what a section of the file does not name. */
  prune: boolean;
  /** Make new secrets where Gatehouse makes them. */
  rotateSecrets: boolean;
}

export interface Steps {
  /** Of what is added and changed. */
  steps: Step[];
  /** Of what goes, when all else is done. */
  removals: Step[];
  /** How many are there that the file's sections do not name, and stay. */
  unnamed: number;
}

/** The scopes of a configuration; a tenant that is not there yet has none. */
export interface Scopes {
  server: Scope;
  tenant(slug: string): Promise<Scope>;
}

function pathOf(scope: Scope, section: Section, name: string): Path {
  const at = scope.isServer ? [] : ['tenants', scope.tenant ?? ''];
  return section.key === theSettings ? [...at, section.key] : [...at, section.key, name];
}

/** Those of one section in one scope. */
async function sectionSteps(
  scope: Scope,
  section: Section,
  entries: Record<string, Entry>,
  options: PlanOptions,
): Promise<Steps> {
  const found = await section.read(scope);
  const about = (name: string) => ({ section: section.key, noun: section.noun, tenant: scope.tenant, name });
  const steps: Step[] = [];
  for (const [name, entry] of Object.entries(entries)) {
    const known = found.get(name);
    const step = known ? changeStep(scope, section, name, known, entry) : addStep(scope, section, name, entry);
    if (step)
      steps.push({ path: pathOf(scope, section, name), change: { ...about(name), ...step.change }, run: step.run });
    if (known?.hasMadeSecret && section.rotate && options.rotateSecrets)
      steps.push({
        path: pathOf(scope, section, name),
        change: { ...about(name), action: 'rotate', members: [] },
        run: async () => section.rotate?.(scope, name, known),
      });
  }
  const absent = [...found].filter(([name, { isFixed }]) => !isFixed && !Object.hasOwn(entries, name));
  if (!options.prune) return { steps, removals: [], unnamed: absent.length };
  const removals = absent.map(
    ([name, known]): Step => ({
      path: pathOf(scope, section, name).slice(0, -1),
      change: { ...about(name), action: 'remove', members: [] },
      run: () => section.remove(scope, name, known),
    }),
  );
  return { steps, removals, unnamed: 0 };
}

type PartOfStep = { change: Pick<Change, 'action' | 'members'>; run: Step['run'] };

function addStep(scope: Scope, section: Section, name: string, entry: Entry): PartOfStep {
  const members = Object.entries(entry).map(
    ([member, to]): MemberChange => ({
      member,
      to: section.secrets?.includes(member) ? '(as it is referred to)' : to,
    }),
  );
  const run = async () => {
    await section.add(scope, name, entry);
  };
  return { change: { action: 'add', members }, run };
}

function changeStep(scope: Scope, section: Section, name: string, known: Found, entry: Entry): PartOfStep | undefined {
  const members = memberChanges(section, known, entry, scope.secretOf);
  if (members.length === 0) return undefined;
  const fixed = members.find(({ member }) => section.fixed?.includes(member));
  if (fixed) {
    const path = [...pathOf(scope, section, name), fixed.member];
    throw new ConfigurationFault(path, 'stays as it was made; make another one, or remove this one first');
  }
  const changed = new Set(members.map(({ member }) => member.split('.')[0] as string));
  return { change: { action: 'change', members }, run: () => section.change(scope, name, known, { entry, changed }) };
}

/** Looks what one stage has to do, when those before it are done. */
export type Stage = (document: ConfigurationDocument, scopes: Scopes, options: PlanOptions) => Promise<Steps>;

function together(found: readonly Steps[]): Steps {
  const all: Steps = { steps: [], removals: [], unnamed: 0 };
  for (const { steps, removals, unnamed } of found) {
    for (const step of steps) all.steps.push(step);
    for (const step of removals) all.removals.push(step);
    all.unnamed += unnamed;
  }
  return all;
}

function stageOf(section: Section): Stage {
  return async (document, scopes, options) => {
    const found: Steps[] = [];
    const ofServer = document.server.get(section.key);
    if (ofServer && section.of.includes('server'))
      found.push(await sectionSteps(scopes.server, section, ofServer, options));
    for (const [slug, tenant] of section.of.includes('tenant') ? document.tenants : []) {
      const entries = tenant.sections.get(section.key);
      if (entries) found.push(await sectionSteps(await scopes.tenant(slug), section, entries, options));
    }
    return together(found);
  };
}

const treeStage: Stage = async (document, scopes, { prune }) => {
  const found: Steps[] = [];
  for (const [slug, { tree }] of document.tenants) {
    if (!tree) continue;
    const scope = await scopes.tenant(slug);
    const plan = planTree(tree, await readTree(scope), ['tenants', slug, 'tree']);
    const removals = prune ? treeRemovals(scope, plan) : [];
    found.push({ steps: treeSteps(scope, plan), removals, unnamed: prune ? 0 : plan.absent.length });
  }
  return together(found);
};

/** In their order. A stage is looked at when those before it are done: what it rests on is then as the file says. */
export const stages: readonly Stage[] = [
  ...sectionsBeforeTree.map(stageOf),
  treeStage,
  ...sectionsAfterTree.map(stageOf),
];
