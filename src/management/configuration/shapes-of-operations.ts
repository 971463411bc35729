/** What an entry may say of a thing is what its operations take: the shapes are theirs, and nothing of them is said twice. */
import { z } from 'zod';
import type { AnyOperation } from '../operation.ts';

/** The members that an operation's body takes, without some. All may be left out: an entry names what it decides. */
export function membersOf(
  operations: readonly AnyOperation[],
  id: string,
  { without = [] }: { without?: readonly string[] } = {},
): Record<string, z.ZodType> {
  const body = operations.find((operation) => operation.id === id)?.body;
  if (!(body instanceof z.ZodObject)) throw new Error(`${id} is no operation with a body of members`);
  return Object.fromEntries(
    Object.entries(body.shape as Record<string, z.ZodType>)
      .filter(([name]) => !without.includes(name))
      .map(([name, member]) => [name, z.optional(withoutDefault(member))]),
  );
}

/** A default would be a member that nobody named. */
function withoutDefault(member: z.ZodType): z.ZodType {
  return member instanceof z.ZodDefault || member instanceof z.ZodOptional
    ? withoutDefault(member.unwrap() as z.ZodType)
    : member;
}
