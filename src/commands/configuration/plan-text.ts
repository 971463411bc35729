/** A plan as people read it, and as `--json` has it: what differs, and who gains and who loses what, by name up to a bound. */

import type { AccessChange } from '../../domain/access/compare-access.ts';
import { findNames } from '../../domain/organisation/names.ts';
import type { TenantDifference } from '../../management/configuration/access-before.ts';
import type { AppliedConfiguration } from '../../management/configuration/apply-configuration.ts';
import type { Value } from '../../management/configuration/section.ts';
import type { Change } from '../../management/configuration/steps.ts';
import type { Database } from '../../platform/database.ts';
import { printable } from '../frame/terminal-text.ts';

/** How many are named, of those who gain and of those who lose. */
const mostNamed = 50;
/** How many changes are shown line by line; `--json` has all. */
const mostShown = 200;

interface NamedChange {
  kind: AccessChange['kind'];
  id: string;
  name: string | null;
  tenant: string | null;
  place: string | null;
  capabilities: string[];
}

interface Sum {
  people: number;
  services: number;
  named: NamedChange[];
  /** How many changes are not among those named. */
  more: number;
}

export interface ShownPlan {
  changes: Change[];
  unnamed: number;
  gains: Sum;
  losses: Sum;
}

const countOf = (changes: readonly AccessChange[], kind: AccessChange['kind']) =>
  new Set(changes.filter((change) => change.kind === kind).map(({ id }) => id)).size;

async function sumOf(
  db: Database,
  differences: readonly TenantDifference[],
  changesOf: (difference: TenantDifference) => readonly AccessChange[],
): Promise<Sum> {
  const sum: Sum = { people: 0, services: 0, named: [], more: 0 };
  for (const difference of differences) {
    const { tenant, tenantId } = difference;
    const changes = changesOf(difference);
    sum.people += countOf(changes, 'person');
    sum.services += countOf(changes, 'service');
    const shown = changes.slice(0, Math.max(mostNamed - sum.named.length, 0));
    sum.more += changes.length - shown.length;
    const ids = shown.flatMap(({ kind, id, orgNodeId }) => (kind === 'person' ? [id, orgNodeId ?? id] : []));
    const names = tenantId === null ? new Map() : await findNames(db, { tenantId, ids, withPeople: true });
    for (const { kind, id, orgNodeId, capabilities } of shown)
      sum.named.push({
        kind,
        id,
        name: names.get(id)?.name ?? null,
        tenant,
        place: orgNodeId === null ? null : (names.get(orgNodeId)?.name ?? orgNodeId),
        capabilities,
      });
  }
  return sum;
}

/** With the names of those concerned. */
export async function shownPlan(db: Database, { changes, unnamed, access }: AppliedConfiguration): Promise<ShownPlan> {
  return {
    changes,
    unnamed,
    gains: await sumOf(db, access, ({ gains }) => gains),
    losses: await sumOf(db, access, ({ losses }) => losses),
  };
}

const longest = 120;

function valueText(value: Value | undefined): string {
  if (value === undefined) return '-';
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return printable(text.length > longest ? `${text.slice(0, longest)}…` : text);
}

/** Of a list what comes and what goes says more than both lists. */
function memberText({ member, from, to }: Change['members'][number]): string {
  if (Array.isArray(from) && Array.isArray(to)) {
    const has = (list: Value[], value: Value) => list.some((one) => JSON.stringify(one) === JSON.stringify(value));
    const come = to.filter((value) => !has(from, value)).map((value) => `+${valueText(value)}`);
    const gone = from.filter((value) => !has(to, value)).map((value) => `-${valueText(value)}`);
    if (come.length + gone.length > 0) return `      ${member}: ${[...come, ...gone].join(' ')}`;
  }
  return `      ${printable(member)}: ${valueText(from)} -> ${valueText(to)}`;
}

const signs = { add: '+', change: '~', remove: '-', rotate: '!' } as const;

function changeText({ action, noun, tenant, name, members, section }: Change): string[] {
  const what = section === 'settings' ? 'settings' : `${noun} ${printable(name)}`;
  const head = `  ${signs[action]} ${tenant === null || section === 'tenants' ? '' : `${tenant}: `}${what}`;
  if (action === 'change') return [head, ...members.map(memberText)];
  return [action === 'rotate' ? `${head}: a new secret` : head];
}

function counted(sum: Sum): string {
  const parts = [
    sum.people > 0 && `${sum.people} ${sum.people === 1 ? 'person' : 'people'}`,
    sum.services > 0 && `${sum.services} ${sum.services === 1 ? 'service' : 'services'}`,
  ];
  return parts.filter((part) => part !== false).join(' and ');
}

function accessText(verb: 'gain' | 'lose', sum: Sum): string[] {
  if (sum.people + sum.services === 0) return [];
  const one = sum.people + sum.services === 1;
  const lines = sum.named.map(({ id, name, tenant, place, capabilities }) => {
    const where = [tenant, place].filter((part) => part !== null).join(', ');
    return `    ${printable(name ?? id)}${where ? ` (${printable(where)})` : ''}: ${capabilities.join(', ')}`;
  });
  const more = sum.more > 0 ? [`    and ${sum.more} more`] : [];
  return [`  ${counted(sum)} ${one ? `${verb}s` : verb}:`, ...lines, ...more];
}

function countChanges(changes: readonly Change[]): string {
  const of = (action: Change['action']) => changes.filter((change) => change.action === action).length;
  const parts: [number, string][] = [
    [of('add'), 'added'],
    [of('change'), 'changed'],
    [of('remove'), 'removed'],
    [of('rotate'), 'given a new secret'],
  ];
  return parts
    .filter(([count]) => count > 0)
    .map(([count, word]) => `${count} ${word}`)
    .join(', ');
}

/** @param tense what is said of the changes: `would be` of a plan, `was` of what was applied */
export function planText({ changes, unnamed, gains, losses }: ShownPlan, head: string): string {
  const rest = unnamed > 0 ? [`${unnamed} not named in the file stay (--prune removes them)`] : [];
  if (changes.length === 0) return ['Nothing differs.', ...rest].join('\n');
  const shown = changes.slice(0, mostShown).flatMap(changeText);
  const more = changes.length > mostShown ? [`  and ${changes.length - mostShown} more changes (--json has all)`] : [];
  const access = [...accessText('lose', losses), ...accessText('gain', gains)];
  const who = access.length > 0 ? ['', 'Access:', ...access] : [];
  return [`${head}: ${countChanges(changes)}`, ...shown, ...more, ...rest, ...who].join('\n');
}
