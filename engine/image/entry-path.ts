import { LayerRefusal } from './layer-refusal.ts';

const MAX_PATH_BYTES = 4095;
const MAX_NAME_BYTES = 255;

/**
 * The path of an entry relative to the root of the layer, without `.` and empty components; '' for the root itself. Refuses
 * what would lead elsewhere: an absolute name (but `/` alone, which some builders write for the root), and `..`.
 */
export function entryPath(name: string): string {
  if (isPlain(name)) return name;
  if (name === '') throw new LayerRefusal(name, 'has no name');
  if (name.startsWith('/') && /[^/]/.test(name)) throw new LayerRefusal(name, 'its name is absolute');
  return relativePath(name, name, 'its name');
}

/** The entry that a hard link names. An absolute one is meant from the root of the layer, as other engines read it. */
export function hardLinkPath(entry: string, target: string): string {
  const found = relativePath(entry, target, 'its link target');
  if (found === '') throw new LayerRefusal(entry, 'is a hard link to nothing');
  return found;
}

/** Most names of most layers need no second look, and there are many. */
function isPlain(name: string): boolean {
  return (
    name.length < MAX_NAME_BYTES / 4 &&
    /^[A-Za-z0-9_][A-Za-z0-9_-]*(?:\/[A-Za-z0-9_][A-Za-z0-9_-]*)*$/.test(name)
  );
}

function relativePath(entry: string, text: string, what: string): string {
  const components = text.split('/').filter((component) => component !== '' && component !== '.');
  if (components.includes('..')) throw new LayerRefusal(entry, `${what} leads upwards by ".."`);
  const path = components.join('/');
  if (Buffer.byteLength(path) > MAX_PATH_BYTES) {
    throw new LayerRefusal(
      entry,
      `${what} is ${String(Buffer.byteLength(path))} bytes long, more than a path can be`,
    );
  }
  if (components.some((component) => Buffer.byteLength(component) > MAX_NAME_BYTES)) {
    throw new LayerRefusal(entry, `${what} has a component of more than ${String(MAX_NAME_BYTES)} bytes`);
  }
  return path;
}

/** Splits a path into that of its directory ('' for the root) and its last component. */
export function splitPath(path: string): { directory: string; base: string } {
  const slash = path.lastIndexOf('/');
  return slash === -1
    ? { directory: '', base: path }
    : { directory: path.slice(0, slash), base: path.slice(slash + 1) };
}
