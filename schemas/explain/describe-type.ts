import { z } from 'zod';
import { unwrapSchema } from './schema-tree.ts';

/** The type of a field as kubectl writes it: `string`, `integer`, `[]Object`, `map[string]string`, `integer or string`. */
export function describeType(schema: z.core.$ZodType): string {
  const inner = unwrapSchema(schema);
  if (inner instanceof z.ZodArray) return `[]${describeType(inner.element)}`;
  if (inner instanceof z.ZodRecord) return `map[string]${describeType(inner.valueType)}`;
  if (inner instanceof z.ZodObject) return 'Object';
  if (inner instanceof z.ZodUnion)
    return [...new Set(inner.options.map((option) => describeType(option)))].join(' or ');
  if (inner instanceof z.ZodBoolean) return 'boolean';
  if (inner instanceof z.ZodNumber) return inner.format === 'safeint' ? 'integer' : 'number';
  if (inner instanceof z.ZodLiteral) return typeof [...inner.values][0];
  return 'string';
}
