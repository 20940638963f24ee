import { stat } from 'node:fs/promises';
import path from 'node:path';
import { hasErrno } from '../../native/index.ts';
import {
  candidateNames,
  formatImageReference,
  parseImageReference,
  ValueError,
} from '../../schemas/index.ts';
import type { ImageReference } from '../../schemas/index.ts';
import { EngineError } from '../engine-error.ts';

/** A place from which an image can be fetched, and the name that it then has in the store. */
export interface ImageSource {
  name: string;
  /** As skopeo takes it. */
  skopeo: string;
  /** Host of the registry; null for files. */
  registryHost: string | null;
}

/** What a reference may stand for: names to look for in the store, best first, and places to fetch it from. */
export interface ImageCandidates {
  names: string[];
  sources: ImageSource[];
}

/** Throws BAD_REQUEST for a reference that cannot be read. */
export function imageCandidates(reference: string, searchRegistries?: readonly string[]): ImageCandidates {
  const image = parse(reference);
  if (image.transport !== 'docker') {
    const source = fileSource(reference, image);
    return { names: [source.name], sources: [source] };
  }
  const named = candidateNames(image, searchRegistries);
  return {
    names: named.map(formatImageReference),
    // `localhost` without a port is this store, and no registry.
    sources: named
      .filter(({ registry }) => registry !== 'localhost')
      .map((found) => ({
        name: formatImageReference(found),
        // skopeo takes a tag or a digest, and the digest says more.
        skopeo: `docker://${formatImageReference(found.digest === null ? found : { ...found, tag: null })}`,
        registryHost: found.registry,
      })),
  };
}

/** The file or directory that a reference names. Throws BAD_REQUEST for one that names a registry's image. */
export function imageFile(reference: string): ImageSource {
  const image = parse(reference);
  if (image.transport === 'docker') {
    throw new EngineError(
      'BAD_REQUEST',
      `import ${reference}: expected oci:, oci-archive:, docker-archive: or dir: and a path`,
    );
  }
  return fileSource(reference, image);
}

/** Throws BAD_REQUEST when there is nothing at the path that a reference names. */
export async function refuseMissingFile(reference: string): Promise<void> {
  const image = parse(reference);
  if (image.transport === 'docker') return;
  await stat(image.path).catch((error: unknown) => {
    const why = hasErrno(error, 'ENOENT') ? 'no such file or directory' : String(error);
    throw new EngineError('BAD_REQUEST', `import ${reference}: ${image.path}: ${why}`, { cause: error });
  });
}

/** The full name that an image gets when it comes out of a file: as podman has it, of this host unless it says otherwise. */
export function importedName(name: string): string {
  const image = parse(name);
  if (image.transport !== 'docker' || image.digest !== null) {
    throw new EngineError('BAD_REQUEST', `import as ${name}: expected a name with or without a tag`);
  }
  const [own = image] = candidateNames(image);
  return formatImageReference(own);
}

/** Where an image is copied to: a registry, or a file or directory. Throws BAD_REQUEST for a name of this host. */
export function pushDestination(reference: string): ImageSource {
  const image = parse(reference);
  if (image.transport !== 'docker') return fileSource(reference, image);
  const [named = image] = candidateNames(image);
  if (named.registry === 'localhost') {
    throw new EngineError('BAD_REQUEST', `push ${reference}: ${reference} names no registry`, {
      hint: 'say where to: tsctr image push NAME registry.example/app:1',
    });
  }
  if (named.digest !== null) {
    throw new EngineError('BAD_REQUEST', `push ${reference}: expected a name with or without a tag`);
  }
  const name = formatImageReference(named);
  return { name, skopeo: `docker://${name}`, registryHost: named.registry };
}

function fileSource(reference: string, image: Exclude<ImageReference, { transport: 'docker' }>): ImageSource {
  if (!path.isAbsolute(image.path)) {
    throw new EngineError('BAD_REQUEST', `find ${reference}: expected an absolute path`);
  }
  const name = formatImageReference(image);
  return { name, skopeo: name, registryHost: null };
}

function parse(reference: string): ImageReference {
  try {
    return parseImageReference(reference);
  } catch (error) {
    if (!(error instanceof ValueError)) throw error;
    throw new EngineError('BAD_REQUEST', `read image reference ${reference}: ${error.message}`, {
      cause: error,
    });
  }
}
