import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { parseImageReference } from '../../schemas/index.ts';
import { EngineError } from '../engine-error.ts';
import { readUncompressed } from './read-compressed.ts';
import { TarReader } from './tar-reader.ts';

const MAX_MEMBER_BYTES = 4 * 2 ** 20;

/**
 * The name that an archive or layout (`oci:…`, `oci-archive:…`, `docker-archive:…`, `dir:…`) gives its image, null when it
 * gives none. Throws BAD_REQUEST when it holds several images and the reference does not say which.
 */
export async function nameInArchive(reference: string): Promise<string | null> {
  const image = parseImageReference(reference);
  if (image.transport === 'docker' || image.transport === 'dir') return null;
  if (image.transport === 'docker-archive') {
    if (image.reference !== null && !image.reference.startsWith('@')) return image.reference;
    return onlyOne(reference, dockerNames(await readMember(image.path, 'manifest.json')));
  }
  const index =
    image.transport === 'oci'
      ? await readFile(path.join(image.path, 'index.json')).catch(() => null)
      : await readMember(image.path, 'index.json');
  const names = ociNames(index, image.reference);
  return onlyOne(reference, names);
}

function onlyOne(reference: string, images: readonly (readonly string[])[]): string | null {
  if (images.length > 1) {
    const names = images.map(([name = '(no name)']) => name).join(', ');
    throw new EngineError(
      'BAD_REQUEST',
      `import ${reference}: it holds ${String(images.length)} images: ${names}`,
      {
        hint: `say which: ${reference}:NAME`,
      },
    );
  }
  return images[0]?.find(isName) ?? null;
}

/** Some builders write only the tag, which is no name. */
function isName(text: string): boolean {
  return /[/:]/.test(text);
}

interface OciIndex {
  manifests?: { annotations?: Record<string, string> }[];
}

function ociNames(bytes: Buffer | null, wanted: string | null): string[][] {
  const { manifests = [] } = (parseJson(bytes) ?? {}) as OciIndex;
  return manifests
    .map(({ annotations = {} }) =>
      ['io.containerd.image.name', 'org.opencontainers.image.ref.name'].flatMap(
        (key) => annotations[key] ?? [],
      ),
    )
    .filter((names) => wanted === null || names.includes(wanted));
}

function dockerNames(bytes: Buffer | null): string[][] {
  const images = (parseJson(bytes) ?? []) as { RepoTags?: string[] | null }[];
  return images.map(({ RepoTags }) => RepoTags ?? []);
}

/** What is not as it should be is for skopeo to complain about. */
function parseJson(bytes: Buffer | null): unknown {
  try {
    return bytes === null ? null : JSON.parse(bytes.toString('utf8'));
  } catch {
    return null;
  }
}

async function readMember(file: string, name: string): Promise<Buffer | null> {
  const pieces: Buffer[] = [];
  let taking = false;
  const found: Buffer[] = [];
  const reader = new TarReader({
    begin(entry) {
      taking = entry.name.replace(/^\.\//, '') === name && entry.size <= MAX_MEMBER_BYTES;
    },
    data(piece) {
      if (taking) pieces.push(piece);
    },
    end() {
      if (taking) found.push(Buffer.concat(pieces));
    },
  });
  try {
    for await (const chunk of readUncompressed(file)) {
      reader.write(chunk);
      if (found.length > 0) break;
    }
  } catch {
    return null;
  }
  return found[0] ?? null;
}
