import type { WireError } from './routes.ts';

/** An error as plain JSON, with its own fields and its chain of causes. */
export function encodeError(error: unknown, depth = 0): WireError {
  if (!(error instanceof Error)) return { name: 'Error', message: String(error), fields: {}, cause: null };
  const fields: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(error)) {
    if (key === 'name' || key === 'message' || key === 'stack' || key === 'cause') continue;
    const plain = toPlain(value);
    if (plain !== undefined) fields[key] = plain;
  }
  const hasCause = error.cause !== undefined && depth < 8;
  return {
    name: error.name,
    message: error.message,
    fields,
    cause: hasCause ? encodeError(error.cause, depth + 1) : null,
  };
}

/** The value as JSON would carry it; undefined for what it cannot carry (functions, cycles, bigints). */
function toPlain(value: unknown): unknown {
  try {
    const text = JSON.stringify(value) as string | undefined;
    return text === undefined ? undefined : (JSON.parse(text) as unknown);
  } catch {
    return undefined;
  }
}

/**
 * The error that `encodeError` was given, of the same class where it is one of ours, so that code behind the socket may ask
 * `instanceof` as well as `code`. The stack is that of this process.
 */
export async function decodeError(wire: WireError): Promise<Error> {
  const error = new Error(wire.message);
  if (wire.cause !== null) error.cause = await decodeError(wire.cause);
  const prototype = await prototypeOf(wire.name);
  if (prototype !== null) Object.setPrototypeOf(error, prototype);
  const own = { value: wire.name, configurable: true, writable: true, enumerable: false };
  Object.defineProperty(error, 'name', own);
  Object.assign(error, wire.fields);
  return error;
}

type ErrorClass = { prototype: object };

// Loaded only when such an error arrives: the faces of the folders pull in far more than these classes.
const CLASSES: Readonly<Record<string, () => Promise<ErrorClass>>> = {
  ManifestError: async () => (await import('../../schemas/index.ts')).ManifestError,
  IllegalStateError: async () => (await import('../../schemas/index.ts')).IllegalStateError,
  ValueError: async () => (await import('../../schemas/index.ts')).ValueError,
  ErrnoError: async () => (await import('../../native/index.ts')).ErrnoError,
  EngineError: async () => (await import('../../engine/index.ts')).EngineError,
  NotFoundError: async () => (await import('../../reconciler/index.ts')).NotFoundError,
  BadRequestError: async () => (await import('../../reconciler/index.ts')).BadRequestError,
  DependencyCycleError: async () => (await import('../../reconciler/index.ts')).DependencyCycleError,
  OwnershipError: async () => (await import('../../reconciler/index.ts')).OwnershipError,
  DataOwnershipError: async () => (await import('../../reconciler/index.ts')).DataOwnershipError,
  VolumeInUseError: async () => (await import('../../reconciler/index.ts')).VolumeInUseError,
  CliError: async () => (await import('../command-line/cli-error.ts')).CliError,
};

async function prototypeOf(name: string): Promise<object | null> {
  const load = Object.hasOwn(CLASSES, name) ? CLASSES[name] : undefined;
  return load === undefined ? null : (await load()).prototype;
}
