/**
 * An event as it is hashed. Owns the bytes: what erasure may take (where somebody acted from, and what the event says) goes in by
 * a commitment with a salt, so that the leaf stays good without it; all else goes in as it is. The bytes are JSON in a form of
 * our own, which is what PostgreSQL writes today and does not change with it: members by the length of their names and then by
 * their bytes, `, ` and `: ` between, numbers as they are written, nothing escaped that need not be.
 */
import { hash } from 'node:crypto';
import { leafHash } from './merkle-tree.ts';

/** An event in three texts. */
export interface EncodedEvent {
  /** `[id, tenant, actor type, actor, action, entity type, entity, request, at, cause]`; erasure takes nothing of it. */
  plain: string;
  /** `[ip, user agent]` */
  origin: string;
  /** The payload. */
  content: string;
}

const sql = {
  plain: `json_build_array(e.id, e.tenant_id, e.actor_type, e.actor_id, e.action, e.entity_type, e.entity_id, e.request_id,
                   (extract(epoch from e.occurred_at) * 1000000)::bigint, e.payload -> 'cause')::text`,
  origin: 'json_build_array(abbrev(e.ip), e.user_agent)::text',
  content: 'e.payload::text',
};

/** SQL: the columns of `EncodedEvent`, of `audit_events e`. */
export const encodedEvent = `${sql.plain} as plain, ${sql.origin} as origin, ${sql.content} as content`;

/** SQL: the three texts as one, for many: a column less costs more than the cut. */
export const joinedEvent = `concat(${sql.plain}, chr(10), ${sql.origin}, chr(10), ${sql.content})`;

/** No value of an event ends one of the texts: JSON holds no line break. */
export function cutEvent(joined: string): EncodedEvent {
  const origin = joined.indexOf('\n') + 1;
  const content = joined.indexOf('\n', origin) + 1;
  return {
    plain: joined.slice(0, origin - 1),
    origin: joined.slice(origin, content - 1),
    content: joined.slice(content),
  };
}

/** Where erasure has taken it. */
export const erasedOrigin = '[null, null]';

export function eventIdOf({ plain }: Pick<EncodedEvent, 'plain'>): string {
  return plain.slice(2, 38);
}

/** Microseconds since 1970. */
export function timeOf({ plain }: Pick<EncodedEvent, 'plain'>): number {
  return (JSON.parse(plain) as number[])[8] as number;
}

/** Whom it is by and about, for who wants to know whether they were erased. */
export function peopleOf({ plain }: Pick<EncodedEvent, 'plain'>): string[] {
  const [, , actorType, actor, , entityType, entity] = JSON.parse(plain) as (string | null)[];
  return [actorType === 'user' ? actor : null, entityType === 'user' ? entity : null].filter(
    (person): person is string => typeof person === 'string',
  );
}

/** Whether a payload is what erasure leaves of one. */
export function isErasedContent(content: string): boolean {
  const payload = JSON.parse(content) as Record<string, unknown>;
  return payload.erased === true && Object.keys(payload).every((name) => name === 'erased' || name === 'cause');
}

/** A number as it was written. */
class Written {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

function byLengthThenBytes(left: string, right: string): number {
  const [a, b] = [Buffer.from(left), Buffer.from(right)];
  return a.length - b.length || Buffer.compare(a, b);
}

function written(value: unknown): string {
  if (value instanceof Written) return value.text;
  if (Array.isArray(value)) return `[${value.map(written).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = Object.entries(value).sort(([left], [right]) => byLengthThenBytes(left, right));
  return `{${members.map(([name, member]) => `${JSON.stringify(name)}: ${written(member)}`).join(', ')}}`;
}

/** JSON in the form that is hashed, however it was written before. */
export function canonicalJson(text: string): string {
  const keep = (_name: string, value: unknown, context?: { source?: string }) =>
    typeof value === 'number' && context?.source !== undefined ? new Written(context.source) : value;
  return written(JSON.parse(text, keep as (name: string, value: unknown) => unknown));
}

/** The event in the form that is hashed, whatever the database writes JSON like. */
export function canonicalEvent({ plain, origin, content }: EncodedEvent): EncodedEvent {
  return { plain: canonicalJson(plain), origin: canonicalJson(origin), content: canonicalJson(content) };
}

/** What stands for a text in a leaf, in hex. @param salt in hex, 32 digits */
export function commitmentOf(salt: string, text: string): string {
  return hash('sha256', salt + text);
}

/** The hash of the leaf of an event, in hex. @param commitments in hex */
export function eventLeaf(plain: string, commitments: { origin: string; content: string }): string {
  return leafHash(`${plain}\n${commitments.origin}\n${commitments.content}`);
}
