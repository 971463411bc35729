/** What an entry may say of a thing is what its operations take: the shapes are theirs, and nothing of them is said twice. */
import { z } from 'zod';
import type { AnyOperation } from '../operation.ts';

/** The members that an operation's body takes, without some. All may be left out: an entry names what it decides. */
export function membersOf(
  operations: readonly AnyOperation[],
  id: string,
  { without = [] }: { without?: readonly string[] } = {},
): Record<string, z.ZodType> {
  const body = requiredBodyOf(operations, id);
  return Object.fromEntries(
    Object.entries(body.shape as Record<string, z.ZodType>)
      .filter(([name]) => !without.includes(name))
      .map(([name, member]) => [name, z.optional(withoutDefault(member))]),
  );
}

/** The body as the operation has it: for things that are given as a whole. */
export function requiredBodyOf(operations: readonly AnyOperation[], id: string): z.ZodObject {
  const body = operations.find((operation) => operation.id === id)?.body;
  if (!(body instanceof z.ZodObject)) throw new Error(`${id} is no operation with a body of members`);
  return body;
}

/** A default would be a member that nobody named. */
function withoutDefault(member: z.ZodType): z.ZodType {
  return member instanceof z.ZodDefault || member instanceof z.ZodOptional
    ? withoutDefault(member.unwrap() as z.ZodType)
    : member;
}

/** In the place of a secret: where it is, for the one who applies the file. */
export const secretReference = z
  .union([
    z.strictObject({ env: z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,127}$/) }),
    z.strictObject({ file: z.string().min(1).max(4096) }),
  ])
  .meta({
    description:
      'A variable or a file that holds it, where the file is applied: `{ env: NAME }`, `{ file: /run/secrets/name }`',
  });
