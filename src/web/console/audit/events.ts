/** An event of the trail as the console shows it in a row: words for what happened, and links to what it is about. */
import { shownSections } from '../sections.ts';
import { hrefTo, type Visit } from '../visit.ts';

/** As `audit_events.list` answers it. */
export interface AuditEvent {
  id: string;
  actor_type: 'user' | 'client' | 'api_key' | 'system';
  actor_id: string | null;
  actor_name: string | null;
  action: string;
  entity_type: string | null;
  entity_id: string | null;
  entity_name: string | null;
  ip: string | null;
  user_agent: string | null;
  request_id: string | null;
  payload: Record<string, unknown>;
  occurred_at: string;
}

/** One who did something, or something that it was done to. */
export interface Party {
  /** `user`, `role` ...; a key of `entities`. */
  kind: string;
  /** The name as it is now, or the id where there is none any more. */
  text: string;
  /** It has no name any more: the text is an id. */
  isId: boolean;
  /** Where it is in the console, for who may see it. */
  href?: string;
}

export interface EventRow {
  id: string;
  /** The technical name: `role.assigned`. */
  action: string;
  href: string;
  /** Absent: the server itself. */
  actor?: Party;
  about?: Party;
  /** It was done by the one to whom it was done. */
  isSelf: boolean;
  ip: string | null;
  occurredAt: string;
}

/** Where things of a type are, by section. */
const homes: Record<string, { section: string; path: string }> = {
  user: { section: 'people', path: '/people' },
  role: { section: 'roles', path: '/roles' },
  org_node: { section: 'organisation', path: '/organisation' },
  invitation: { section: 'invitations', path: '/invitations' },
};

/** Where a thing is in the console, for who may see its section; undefined where that is nowhere. */
export function homeOf(visit: Visit, type: string, id: string): string | undefined {
  const home = homes[type];
  if (!home || !shownSections(visit).some(({ section }) => section === home.section)) return undefined;
  return hrefTo(visit, `${home.path}/${id}`, { at: undefined });
}

/** What it was done to. A role that somebody holds has no page: its person has. */
function aboutOf(visit: Visit, event: AuditEvent): Party | undefined {
  const { entity_type: kind, entity_id: id, entity_name: name, payload } = event;
  if (kind === 'tenant' && id === visit.tenant.id) return { kind, text: visit.tenant.name, isId: false };
  const about = partyOf(visit, kind, id, name);
  const { userId } = payload;
  if (!about || about.isId || about.href || typeof userId !== 'string') return about;
  return { ...about, href: homeOf(visit, 'user', userId) };
}

function partyOf(visit: Visit, kind: string | null, id: string | null, name: string | null): Party | undefined {
  if (kind === null || id === null) return undefined;
  return { kind, text: name ?? id, isId: name === null, href: name === null ? undefined : homeOf(visit, kind, id) };
}

export function rowOf(visit: Visit, event: AuditEvent): EventRow {
  const { id, action, actor_type, actor_id, actor_name, entity_id, ip } = event;
  return {
    id,
    action,
    href: hrefTo(visit, `/audit/${id}`),
    actor: partyOf(visit, actor_type, actor_id, actor_name),
    about: aboutOf(visit, event),
    isSelf: actor_id !== null && actor_id === entity_id,
    ip,
    occurredAt: event.occurred_at,
  };
}
