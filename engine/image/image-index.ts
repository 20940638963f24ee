import { hasErrno } from '../../native/index.ts';
import { EngineError } from '../engine-error.ts';
import { writeDurably } from '../store/durable-file.ts';
import { isDigest } from './image-paths.ts';
import { readAtOnce } from '../read-at-once.ts';

/** Which images there are, and under which names. */
export interface ImageIndex {
  /** Full name → digest of the manifest. */
  readonly names: Readonly<Record<string, string>>;
  /** Digests of the manifests of all images, those without a name too. */
  readonly manifests: readonly string[];
  /** Digest of a manifest → full name under which a registry that proves who it is has handed it out. */
  readonly origins?: Readonly<Record<string, string>>;
}

export interface ImageIndexFile {
  read(): Promise<ImageIndex>;
  /** One after the other; on stable storage when it resolves. */
  update(change: (index: ImageIndex) => ImageIndex): Promise<void>;
}

const SCHEMA_VERSION = 1;
const EMPTY: ImageIndex = { names: {}, manifests: [] };

export function createImageIndexFile(file: string): ImageIndexFile {
  let last: Promise<unknown> = Promise.resolve();

  async function read(): Promise<ImageIndex> {
    let text: string;
    try {
      text = await readAtOnce(file);
    } catch (error) {
      if (hasErrno(error, 'ENOENT')) return EMPTY;
      throw error;
    }
    return parseIndex(text, file);
  }

  return {
    read,
    update(change) {
      const next = last.then(async () => {
        const index = change(await read());
        await writeDurably(file, `${JSON.stringify({ schemaVersion: SCHEMA_VERSION, ...index }, null, 2)}\n`);
      });
      last = next.catch(() => undefined);
      return next;
    },
  };
}

function parseIndex(text: string, file: string): ImageIndex {
  try {
    const value = JSON.parse(text) as Partial<Record<string, unknown>>;
    const { schemaVersion, names, manifests, origins } = value;
    const isSound =
      schemaVersion === SCHEMA_VERSION &&
      typeof names === 'object' &&
      names !== null &&
      Object.values(names).every(isDigest) &&
      Array.isArray(manifests) &&
      manifests.every(isDigest) &&
      (origins === undefined || (typeof origins === 'object' && origins !== null));
    if (isSound) {
      const index = { names: names as Record<string, string>, manifests };
      return origins === undefined ? index : { ...index, origins: origins as Record<string, string> };
    }
  } catch {
    // Said below.
  }
  throw new EngineError(
    'IMAGE_INVALID',
    `read ${file}: it is damaged, expected an index of schema version 1`,
    {
      hint: `remove the file; images must then be pulled again`,
    },
  );
}

/** Lets `name` lead to the manifest, which becomes known with it. Without a name it only becomes known. */
export function withImage(index: ImageIndex, digest: string, name: string | null): ImageIndex {
  return {
    names: name === null ? index.names : { ...index.names, [name]: digest },
    manifests: [...new Set([...index.manifests, digest])],
  };
}

/** Notes where an image was fetched from. */
export function withOrigin(index: ImageIndex, digest: string, origin: string): ImageIndex {
  return { ...index, origins: { ...index.origins, [digest]: origin } };
}

export function withoutNames(index: ImageIndex, names: readonly string[]): ImageIndex {
  return {
    ...index,
    names: Object.fromEntries(Object.entries(index.names).filter(([name]) => !names.includes(name))),
  };
}

export function withoutManifests(index: ImageIndex, digests: readonly string[]): ImageIndex {
  const { names, manifests, origins } = index;
  const isLeft = (digest: string): boolean => !digests.includes(digest);
  return {
    names: Object.fromEntries(Object.entries(names).filter(([, digest]) => isLeft(digest))),
    manifests: manifests.filter(isLeft),
    ...(origins && {
      origins: Object.fromEntries(Object.entries(origins).filter(([digest]) => isLeft(digest))),
    }),
  };
}
