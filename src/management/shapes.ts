/** Pieces that the schemas of operations share. All objects are strict: an unknown member is refused by its name. */
import { z } from 'zod';

/** A form that PostgreSQL takes and people can read: no NUL, no lone surrogate, no control character. */
const isText = (text: string) => !/[\p{Cc}\p{Cs}\u2028\u2029]/u.test(text);

/** In one spelling: what is locked, compared or remembered by an id is so by its text. */
export const id = z
  .uuid()
  .toLowerCase()
  .meta({ description: 'An id', example: '01890a5d-ac96-774b-bcce-b302099a8057' });

export const time = z.iso
  .datetime({ offset: true })
  .meta({ description: 'A time as of RFC 3339', example: '2027-01-31T08:00:00Z' });

/** A time of the input, as a Date. */
export const timeIn = time.transform((text) => new Date(text));

export function text(most: number): z.ZodString {
  return z.string().min(1).max(most).refine(isText, 'holds characters that are no text') as z.ZodString;
}

export const name = text(200);

/** One key of a capability, which is an OAuth scope too. */
export const capabilityKey = z
  .string()
  .max(100)
  .regex(/^[a-z][a-z0-9_-]*([.:][a-z0-9_-]+)+$/)
  .meta({ description: 'The key of a capability', example: 'inventory.read' });

/** The query of a list, beside its own filters. */
export const pageQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(200).default(50).meta({ description: 'How many at the most' }),
  after: z.string().max(4096).optional().meta({ description: 'The `next` of the page before' }),
});

/** When something begins and ends; half-open. */
export const period = {
  starts_at: timeIn.optional().meta({ description: 'Default: now' }),
  ends_at: timeIn
    .nullish()
    .meta({ description: 'The first moment at which it no longer holds; absent: until further notice' }),
};

/** What the ids of a listed row are called. */
export const listedNames = {
  user_name: z.string().nullable().meta({ description: 'The name or the address of the person; null: it is gone' }),
  org_node: z.string().nullable().meta({ description: 'The name of the node' }),
  org_node_type: z.string().nullable(),
};

export const externalId = text(255).meta({ description: 'What another system calls it; unique in the tenant' });
