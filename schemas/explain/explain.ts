import { z } from 'zod';
import { API_VERSIONS, manifestSchemas } from '../manifest/manifest.ts';
import type { ManifestKind } from '../manifest/manifest.ts';
import { describeType } from './describe-type.ts';
import { fieldsOf, isOptional, unwrapSchema } from './schema-tree.ts';
import { suggestion } from '../issue/suggest-name.ts';

/** A field as `tsctr explain` shows it. */
export interface ExplainedField {
  name: string;
  /** As kubectl writes types: `string`, `[]Object`, `map[string]string`. */
  type: string;
  isRequired: boolean;
  description: string;
  /** The value that counts when the field is left out, as it stands in a manifest; null when the description has to say it. */
  default: string | null;
  /** The only values that it can have, where that is so. */
  values: string[];
}

export interface Explanation extends ExplainedField {
  kind: ManifestKind;
  apiVersion: string;
  /** `container.spec.env`. */
  path: string;
  /** What can stand below it. */
  fields: ExplainedField[];
}

/** No field has this path. */
export class UnknownFieldError extends Error {
  override readonly name = 'UnknownFieldError';
  readonly code = 'UNKNOWN_FIELD';
  readonly path: string;

  constructor(path: string, message: string) {
    super(message);
    this.path = path;
  }
}

/** Explains a field by its path: `container`, `pod.spec.containers.env`; indexes (`[0]`, `[]`) may stand in it. Throws UnknownFieldError. */
export function explain(path: string): Explanation {
  const [kindName = '', ...names] = path
    .trim()
    .replace(/\[\d*\]/g, '')
    .split('.');
  const kind = findKind(kindName, path);
  let schema: z.core.$ZodType = manifestSchemas[kind];
  let passed = kind.toLowerCase();
  for (const name of names) {
    const fields = fieldsOf(schema);
    const next = fields !== null && Object.hasOwn(fields, name) ? fields[name] : undefined;
    if (next === undefined) {
      const none =
        fields === null
          ? ' has no fields'
          : ` has no field \`${name}\`${suggestion(name, Object.keys(fields))}`;
      throw new UnknownFieldError(path, `explain ${path}: ${passed}${none}`);
    }
    schema = next;
    passed = `${passed}.${name}`;
  }
  const fields = Object.entries(fieldsOf(schema) ?? {}).map(([name, field]) => explainField(name, field));
  const own = explainField(names.at(-1) ?? kind, schema);
  return { ...own, kind, apiVersion: API_VERSIONS[kind], path: passed, fields };
}

/** The kinds that can be explained, with what they are: for `tsctr explain` without a path. */
export function explainKinds(): { kind: ManifestKind; apiVersion: string; description: string }[] {
  return allKinds().map((kind) => ({
    kind,
    apiVersion: API_VERSIONS[kind],
    description: descriptionOf(manifestSchemas[kind]),
  }));
}

/** What kubectl calls them for short. */
const SHORT_NAMES: Readonly<Record<string, ManifestKind>> = {
  ckpt: 'Checkpoint',
  cm: 'ConfigMap',
  po: 'Pod',
  pvc: 'PersistentVolumeClaim',
};

function findKind(name: string, path: string): ManifestKind {
  const wanted = name.toLowerCase().replace(/s$/, '');
  const short = SHORT_NAMES[name.toLowerCase()];
  if (short !== undefined) return short;
  const kind = allKinds().find((known) => known.toLowerCase() === wanted);
  if (kind !== undefined) return kind;
  const names = allKinds().map((known) => known.toLowerCase());
  const found = name === '' ? 'nothing' : `\`${name}\``;
  const message = `explain ${path}: expected a kind (${names.join(', ')}), found ${found}${suggestion(wanted, names)}`;
  throw new UnknownFieldError(path, message);
}

function allKinds(): ManifestKind[] {
  return Object.keys(manifestSchemas) as ManifestKind[];
}

function explainField(name: string, schema: z.core.$ZodType): ExplainedField {
  return {
    name,
    type: describeType(schema),
    isRequired: !isOptional(schema),
    description: descriptionOf(schema),
    default:
      schema instanceof z.ZodDefault
        ? JSON.stringify(schema.def.defaultValue).replace(/^"(.+)"$/, '$1')
        : null,
    values: valuesOf(schema),
  };
}

function descriptionOf(schema: z.core.$ZodType): string {
  if (schema instanceof z.ZodType && schema.description !== undefined) return schema.description;
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault)
    return descriptionOf(schema.unwrap());
  return '';
}

function valuesOf(schema: z.core.$ZodType): string[] {
  const inner = unwrapSchema(schema);
  if (inner instanceof z.ZodEnum) return inner.options.map(String);
  if (inner instanceof z.ZodLiteral) return [...inner.values].map(String);
  if (inner instanceof z.ZodArray) return valuesOf(inner.element);
  return inner instanceof z.ZodUnion ? inner.options.flatMap(valuesOf) : [];
}
