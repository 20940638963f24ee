import { locateField } from './locate-field.ts';
import type { LoadedManifest } from '../manifest/loaded-manifest.ts';
import type { TextPosition } from './text-lines.ts';
import { TextLines } from './text-lines.ts';
import { parseYamlText } from './yaml-document.ts';
import { valueOfDocument } from './yaml-value.ts';

/**
 * Where fields of one document stand in a text that was found valid: path (`spec.env[0]`) → place, or that of the nearest field
 * around it. Null for a text that has no such document.
 */
export function placesOfFields(
  text: string,
  { index, prefix }: Pick<LoadedManifest, 'index' | 'prefix'>,
): ((path: string) => TextPosition) | null {
  const found = parseYamlText(text).documents.find((each) => each.index === index);
  if (found === undefined) return null;
  const lines = new TextLines(text);
  const { aliases } = valueOfDocument(found.document);
  return (path) => {
    const parts = path.split(/[.[\]]+/).filter((name) => name !== '');
    const fieldPath = parts.map((name) => (/^\d+$/.test(name) ? Number(name) : name));
    const issue = { path: [...prefix, ...fieldPath], mark: 'name' } as const;
    return lines.positionAt(locateField(found.document, aliases, issue).start);
  };
}
