/**
 * How domain objects become answers: the schema picks the members, snake_case to camelCase, times as ISO 8601. What the
 * schema does not name never leaves, whatever the object holds.
 */
import { z } from 'zod';

function camelCase(name: string): string {
  return name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

/** A JSON value of the schema's form. */
export function present(schema: z.ZodType, value: unknown): unknown {
  if (value === undefined || value === null) return value ?? null;
  if (schema instanceof z.ZodNullable || schema instanceof z.ZodOptional || schema instanceof z.ZodDefault)
    return present(schema.unwrap() as z.ZodType, value);
  if (schema instanceof z.ZodArray)
    return (value as unknown[]).map((item) => present(schema.element as z.ZodType, item));
  if (schema instanceof z.ZodRecord)
    return Object.fromEntries(
      Object.entries(value as object).map(([key, member]) => [key, present(schema.valueType as z.ZodType, member)]),
    );
  if (schema instanceof z.ZodObject && !(value instanceof Date)) return presentObject(schema, value as object);
  return value instanceof Date ? value.toISOString() : value;
}

function presentObject(schema: z.ZodObject, value: object): Record<string, unknown> {
  const source = value as Record<string, unknown>;
  return Object.fromEntries(
    Object.entries(schema.shape).flatMap(([name, member]) => {
      const found = source[camelCase(name)] ?? source[name];
      if (found === undefined && member instanceof z.ZodOptional) return [];
      return [[name, present(member as z.ZodType, found)]];
    }),
  );
}
