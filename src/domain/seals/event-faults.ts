/** Whether an event is what its leaf says, and if not, what of it is different. */
import {
  canonicalEvent,
  commitmentOf,
  type EncodedEvent,
  erasedOrigin,
  eventLeaf,
  isErasedContent,
  peopleOf,
} from './event-encoding.ts';
import type { ReadLeaves } from './leaves.ts';

/** Where the leaf of an event is: a row, and a place in it. */
export interface LeafPlace {
  row: ReadLeaves;
  n: number;
}

export type Comparison = { is: 'same' } | { is: 'erased'; people: string[] } | { is: 'different'; detail: string };

const same = { is: 'same' } as const;

/** Nothing was erased of it, and it is as it was: the way that nearly all go. */
export function isUntouched(event: EncodedEvent, { row, n }: LeafPlace): boolean {
  const [origin, content] = [row.saltAt(n, 'origin'), row.saltAt(n, 'content')];
  if (origin === undefined || content === undefined) return false;
  const commitments = { origin: commitmentOf(origin, event.origin), content: commitmentOf(content, event.content) };
  return eventLeaf(event.plain, commitments) === row.hashAt(n);
}

/** Takes an event, with what may be erased of it, against its leaf; also where the database writes JSON in another form. */
export function compareWithLeaf(found: EncodedEvent, place: LeafPlace): Comparison {
  const event = canonicalEvent(found);
  if (isUntouched(event, place)) return same;
  const { row, n } = place;
  const sealed = { origin: row.commitmentAt(n, 'origin'), content: row.commitmentAt(n, 'content') };
  const salts = { origin: row.saltAt(n, 'origin'), content: row.saltAt(n, 'content') };
  if (sealed.origin === '') return { is: 'different', detail: 'what it is compared by is gone, and it is not' };
  const differing = [
    ...(differs(salts.origin, sealed.origin, event.origin, event.origin === erasedOrigin)
      ? ['where it came from (ip, user_agent)']
      : []),
    ...(differs(salts.content, sealed.content, event.content, isErasedContent(event.content)) ? ['its payload'] : []),
    ...(eventLeaf(event.plain, sealed) === row.hashAt(n)
      ? []
      : ['what happened, to what, by whom, by which request, or when']),
  ];
  if (differing.length > 0) return { is: 'different', detail: `not as it was sealed: ${differing.join('; ')}` };
  const isErased = salts.origin === undefined || salts.content === undefined;
  return isErased ? { is: 'erased', people: peopleOf(event) } : same;
}

/** @param isBlank it is what erasure leaves; without a salt, it must be */
function differs(salt: string | undefined, commitment: string, text: string, isBlank: boolean): boolean {
  return salt === undefined ? !isBlank : commitmentOf(salt, text) !== commitment;
}
