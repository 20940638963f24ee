/** Path of a field from the root of a document: names of fields and indexes of lists. */
export type FieldPath = readonly (string | number)[];

/** `spec.volumeMounts[0].name`; names that are no plain words stand in brackets: `metadata.labels[app.example/tier]`. */
export function formatFieldPath(path: FieldPath): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === 'number') return `${text}[${String(part)}]`;
    if (!/^[A-Za-z_$][\w$-]*$/.test(part)) return `${text}[${cut(part)}]`;
    return text === '' ? part : `${text}.${part}`;
  }, '');
}

function cut(name: string): string {
  const line = JSON.stringify(name).slice(1, -1);
  return line.length > 60 ? `${line.slice(0, 59)}…` : line;
}

/** The value that stands at `path` below `root`, undefined when there is none. */
export function valueAt(root: unknown, path: FieldPath): unknown {
  let value = root;
  for (const part of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, part)) return undefined;
    value = (value as Record<string | number, unknown>)[part];
  }
  return value;
}
