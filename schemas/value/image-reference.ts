import { ValueError } from './value-error.ts';

/** An image in a registry, or one of this host's store. */
export interface NamedImage {
  transport: 'docker';
  /** `docker.io`, `localhost`, `registry.example:5000`. */
  registry: string;
  /** `library/busybox`. */
  repository: string;
  /** Null only beside a digest: without either it is `latest`. */
  tag: string | null;
  /** `sha256:…`. */
  digest: string | null;
  /** True when no registry was written: `registry` is then a default, and a search list may say otherwise. */
  isShort: boolean;
}

/** An image in a file or directory of this host. */
export interface ImageFile {
  transport: 'oci' | 'oci-archive' | 'docker-archive' | 'dir';
  /** As it was written: absolute, or relative to where the command was given. */
  path: string;
  /** Which one of several images, null when there is but one. */
  reference: string | null;
}

export type ImageReference = NamedImage | ImageFile;

const FILE_TRANSPORTS = ['oci', 'oci-archive', 'docker-archive', 'dir'] as const;
const OTHER_TRANSPORTS = ['containers-storage', 'docker-daemon', 'ostree', 'sif', 'tarball', 'http', 'https'];

/** https://pkg.go.dev/github.com/distribution/reference: the grammar that all registries share. */
const HOST =
  /^(?:(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*|\[[0-9a-f:]+\])(?::[0-9]{1,5})?$/i;
const COMPONENT = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/;
const TAG = /^\w[\w.-]{0,127}$/;
const DIGEST = /^(?:sha256:[0-9a-f]{64}|sha384:[0-9a-f]{96}|sha512:[0-9a-f]{128})$/;
const MAX_NAME_LENGTH = 255;

/**
 * Reads an image reference: a name, `docker://name`, `oci:path[:reference]`, `oci-archive:path[:reference]`,
 * `docker-archive:path[:reference]`, `dir:path`. Names are completed as podman completes them. Throws ValueError.
 */
export function parseImageReference(text: string): ImageReference {
  const transport = /^([a-z][a-z-]*):/.exec(text)?.[1];
  const file = FILE_TRANSPORTS.find((name) => text.startsWith(`${name}:`));
  if (file !== undefined) return parseFile(text, file);
  if (text.startsWith('docker://'))
    return { ...parseName(text, text.slice('docker://'.length)), isShort: false };
  if (transport !== undefined && OTHER_TRANSPORTS.includes(transport)) {
    const known = ['docker://', ...FILE_TRANSPORTS.map((name) => `${name}:`)].join(', ');
    throw bad(text, `the transport ${transport} is not supported: expected a name, or one of ${known}`);
  }
  return parseName(text, text);
}

/** The reference in full, with its transport for all but names: what `parseImageReference` reads back as the same. */
export function formatImageReference(image: ImageReference): string {
  if (image.transport !== 'docker') {
    return `${image.transport}:${image.path}${image.reference === null ? '' : `:${image.reference}`}`;
  }
  const tag = image.tag === null ? '' : `:${image.tag}`;
  const digest = image.digest === null ? '' : `@${image.digest}`;
  return `${image.registry}/${image.repository}${tag}${digest}`;
}

/** The names under which an image may be found, best first: a short name stands for one of this host, then for the registries'. */
export function candidateNames(
  image: NamedImage,
  searchRegistries: readonly string[] = ['docker.io'],
): NamedImage[] {
  if (!image.isShort) return [image];
  const bare = image.repository.replace(/^library\//, '');
  return ['localhost', ...searchRegistries].map((registry) => ({
    ...image,
    registry,
    repository: registry === 'docker.io' ? inLibrary(bare) : bare,
    isShort: false,
  }));
}

/** When an image is pulled if the manifest does not say: `latest` may have moved, other tags and digests have not. */
export function defaultPullPolicy(image: ImageReference): 'Always' | 'IfNotPresent' {
  const isMoving = image.transport === 'docker' && image.digest === null && image.tag === 'latest';
  return isMoving && image.registry !== 'localhost' ? 'Always' : 'IfNotPresent';
}

function parseFile(text: string, transport: ImageFile['transport']): ImageFile {
  const rest = text.slice(transport.length + 1);
  const colon = transport === 'dir' ? -1 : rest.indexOf(':');
  const path = colon === -1 ? rest : rest.slice(0, colon);
  const reference = colon === -1 ? null : rest.slice(colon + 1);
  if (path === '') throw bad(text, `expected a path after ${transport}:`);
  if (path.includes('\0')) throw bad(text, 'a path cannot hold a NUL byte');
  if (reference === '') throw bad(text, `expected a reference after ${transport}:${path}:, or no colon`);
  return { transport, path, reference };
}

function parseName(text: string, written: string): NamedImage {
  const at = written.indexOf('@');
  const digest = at === -1 ? null : written.slice(at + 1);
  const named = at === -1 ? written : written.slice(0, at);
  const colon = named.indexOf(':', named.lastIndexOf('/') + 1);
  const tag = colon === -1 ? null : named.slice(colon + 1);
  const path = colon === -1 ? named : named.slice(0, colon);
  if (tag !== null && !TAG.test(tag))
    throw bad(text, 'the tag is not valid: expected up to 128 letters, digits, `_`, `.` and `-`');
  if (digest !== null && !DIGEST.test(digest))
    throw bad(text, 'the digest is not valid: expected sha256: and 64 hexadecimal digits');
  const { registry, repository, isShort } = splitName(path);
  checkName(text, registry, repository);
  return {
    transport: 'docker',
    registry,
    repository,
    tag: tag ?? (digest === null ? 'latest' : null),
    digest,
    isShort,
  };
}

/** The first part is a registry when it looks like a host: with a dot or a port, or `localhost`. */
function splitName(path: string): Pick<NamedImage, 'registry' | 'repository' | 'isShort'> {
  const slash = path.indexOf('/');
  const first = slash === -1 ? '' : path.slice(0, slash);
  if (!/[.:]/.test(first) && first !== 'localhost') {
    return { registry: 'docker.io', repository: inLibrary(path), isShort: true };
  }
  const registry = first === 'index.docker.io' ? 'docker.io' : first;
  const repository = path.slice(slash + 1);
  return {
    registry,
    repository: registry === 'docker.io' ? inLibrary(repository) : repository,
    isShort: false,
  };
}

function inLibrary(repository: string): string {
  return repository.includes('/') || repository === '' ? repository : `library/${repository}`;
}

function checkName(text: string, registry: string, repository: string): void {
  if (!HOST.test(registry)) throw bad(text, `the registry is not valid: expected host or host:port`);
  if (repository === '' || repository === 'library/') throw bad(text, 'expected the name of an image');
  if (/^(library\/)?[0-9a-f]{64}$/.test(repository))
    throw bad(text, 'expected the name of an image and not its id');
  const wrong = repository.split('/').find((component) => !COMPONENT.test(component));
  if (wrong !== undefined) {
    const upper = wrong !== wrong.toLowerCase() ? ' (no upper case)' : '';
    throw bad(
      text,
      `the name is not valid at ${JSON.stringify(wrong)}: expected lower-case letters and digits, between them \`.\`, \`_\`, \`-\`${upper}`,
    );
  }
  if (registry.length + 1 + repository.length > MAX_NAME_LENGTH) {
    throw bad(text, `the name is too long: expected at most ${String(MAX_NAME_LENGTH)} characters`);
  }
}

function bad(text: string, expected: string): ValueError {
  return new ValueError('BAD_IMAGE_REFERENCE', text, expected);
}
