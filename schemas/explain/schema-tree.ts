import { z } from 'zod';
import type { FieldPath } from '../issue/field-path.ts';

/** The schema beneath `optional`, `default` and the like. */
export function unwrapSchema(schema: z.core.$ZodType): z.core.$ZodType {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault || schema instanceof z.ZodNullable) {
    return unwrapSchema(schema.unwrap());
  }
  return schema instanceof z.ZodPipe ? unwrapSchema(schema.in) : schema;
}

/** The fields of an object, or of the objects in a list; null for everything else. */
export function fieldsOf(schema: z.core.$ZodType): Readonly<Record<string, z.core.$ZodType>> | null {
  const inner = unwrapSchema(schema);
  if (inner instanceof z.ZodArray) return fieldsOf(inner.element);
  return inner instanceof z.ZodObject ? inner.shape : null;
}

/** The schema of a field below `root`, as it stands there with its `optional` or `default`; null for an unknown one. */
export function schemaAt(root: z.core.$ZodType, path: FieldPath): z.core.$ZodType | null {
  let schema: z.core.$ZodType | undefined = root;
  for (const part of path) {
    const inner: z.core.$ZodType = unwrapSchema(schema);
    if (inner instanceof z.ZodArray) schema = inner.element;
    else if (inner instanceof z.ZodObject) {
      schema = Object.hasOwn(inner.shape, part)
        ? (inner.shape[part as string] as z.core.$ZodType)
        : undefined;
    } else if (inner instanceof z.ZodRecord) schema = inner.valueType;
    else schema = undefined;
    if (schema === undefined) return null;
  }
  return schema;
}

/** True when the field may be left out. */
export function isOptional(schema: z.core.$ZodType): boolean {
  return schema instanceof z.ZodOptional || schema instanceof z.ZodDefault;
}
